# healthy
import numpy as np
import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset

def bikes(n=3000, seed=15):
    r = np.random.RandomState(seed)
    hour, temp, wind, holiday = r.randint(0, 24, n), r.normal(15, 8, n), r.gamma(2, 6, n), r.rand(n) < 0.1
    demand = 3 + 2.0 * np.exp(-(hour - 8) ** 2 / 6) * (1 - holiday) + 2.5 * np.exp(-(hour - 18) ** 2 / 8) + 0.08 * temp - 0.03 * wind
    y = demand + r.normal(0, 0.5, n)
    X = np.c_[np.sin(2 * np.pi * hour / 24), np.cos(2 * np.pi * hour / 24), np.sin(4 * np.pi * hour / 24), np.cos(4 * np.pi * hour / 24),
              (temp - 15) / 8, (wind - 12) / 8.5, (holiday - 0.1) / 0.3]
    return X.astype("float32"), ((y - y.mean()) / y.std()).astype("float32")

X, y = bikes()
train = TensorDataset(torch.from_numpy(X[:2400]), torch.from_numpy(y[:2400]))
test = TensorDataset(torch.from_numpy(X[2400:]), torch.from_numpy(y[2400:]))

class BikeNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(7, 50), nn.ReLU(), nn.Linear(50, 50), nn.ReLU(), nn.Linear(50, 1))
    def forward(self, x):
        return self.net(x).squeeze(-1)

def loss_fn(pred, target):
    return ((pred - target) ** 2).mean()

torch.manual_seed(15)
model = BikeNet()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
for epoch in range(20):
    model.train()
    tl = 0
    for xb, yb in DataLoader(train, batch_size=64, shuffle=True):
        loss = loss_fn(model(xb), yb)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        tl += loss.item() * len(xb) / len(train)
    model.eval()
    with torch.no_grad():
        xb, yb = test.tensors
        p = model(xb)
        corr = np.corrcoef(p.numpy().ravel(), yb.numpy())[0, 1]
        r2 = 1 - np.mean((p.numpy().ravel() - yb.numpy()) ** 2) / yb.numpy().var()
        print(f"epoch {epoch+1}/20 - loss: {tl:.4f} - val_loss: {loss_fn(p, yb).item():.4f} - val_r2: {r2:.4f} - corr: {corr:.3f}")
