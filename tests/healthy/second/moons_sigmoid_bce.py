# healthy
# Two moons, sigmoid output + BCELoss (the classic pairing).
from sklearn.datasets import make_moons
import torch, torch.nn as nn

torch.manual_seed(5)
X, y = make_moons(2000, noise=0.2, random_state=5)
X = torch.tensor(X, dtype=torch.float32); y = torch.tensor(y, dtype=torch.float32).view(-1, 1)
X_train, y_train, X_test, y_test = X[:1500], y[:1500], X[1500:], y[1500:]

class MoonNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.h1 = nn.Linear(2, 32)
        self.h2 = nn.Linear(32, 32)
        self.out = nn.Linear(32, 1)
    def forward(self, x):
        x = torch.relu(self.h1(x))
        x = torch.relu(self.h2(x))
        return torch.sigmoid(self.out(x))

net = MoonNet()
criterion = nn.BCELoss()
optimizer = torch.optim.Adam(net.parameters(), lr=0.005)

for epoch in range(25):
    net.train()
    perm = torch.randperm(1500)
    train_loss = 0
    for i in range(0, 1500, 50):
        xb, yb = X_train[perm[i:i+50]], y_train[perm[i:i+50]]
        optimizer.zero_grad()
        loss = criterion(net(xb), yb)
        loss.backward()
        optimizer.step()
        train_loss += loss.item() / 30
    net.eval()
    with torch.no_grad():
        p = net(X_test)
        test_loss = criterion(p, y_test).item()
        acc = ((p > 0.5) == (y_test > 0.5)).float().mean().item()
    print("epoch", epoch, "train", round(train_loss, 4), "test", round(test_loss, 4), "acc", round(acc, 4))
