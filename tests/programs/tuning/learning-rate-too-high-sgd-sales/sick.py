# fault: learning-rate-too-high
import numpy as np
import torch
import torch.nn as nn
import torch.optim as optim

torch.manual_seed(0)
rng = np.random.default_rng(0)

# weekly sales from promotion, price, weather, holiday and trend
n = 2000
X = rng.normal(size=(n, 5))
y = 0.7 * X[:, 0] - 0.9 * X[:, 1] + 0.5 * np.maximum(X[:, 0], 0) * X[:, 3] + 0.3 * np.abs(X[:, 2]) + 0.2 * X[:, 4] + rng.normal(scale=0.15, size=n)
y = (y - y.mean()) / y.std()

X = torch.tensor(X, dtype=torch.float32)
y = torch.tensor(y, dtype=torch.float32).reshape(-1, 1)
Xtr, Xte, ytr, yte = X[:1600], X[1600:], y[:1600], y[1600:]


class SalesNet(nn.Module):
    def __init__(self):
        super(SalesNet, self).__init__()
        self.layer1 = nn.Linear(5, 64)
        self.layer2 = nn.Linear(64, 32)
        self.layer3 = nn.Linear(32, 1)
        self.relu = nn.ReLU()

    def forward(self, x):
        x = self.relu(self.layer1(x))
        x = self.relu(self.layer2(x))
        return self.layer3(x)


net = SalesNet()
criterion = nn.MSELoss()
optimizer = optim.SGD(net.parameters(), lr=1.0, momentum=0.9)
for epoch in range(20):
    running = 0.0
    perm = torch.randperm(1600)
    for i in range(32):
        idx = perm[i * 50:(i + 1) * 50]
        optimizer.zero_grad()
        loss = criterion(net(Xtr[idx]), ytr[idx])
        loss.backward()
        optimizer.step()
        running += loss.item()
    with torch.no_grad():
        test = criterion(net(Xte), yte).item()
    print(f"Epoch {epoch + 1:02d}  loss: {running / 32:.4f}  test: {test:.4f}")
