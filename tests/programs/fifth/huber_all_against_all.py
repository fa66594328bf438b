# fault: broadcast-loss
# The prediction is a column and the target a vector, so that a hand-written Huber loss compares all with all.
import torch
import torch.nn as nn
from sklearn.datasets import make_friedman1

torch.manual_seed(0)
X, y = make_friedman1(2500, noise=0.5, random_state=0)
X = torch.tensor(X, dtype=torch.float32) * 2 - 1
y = torch.tensor(y, dtype=torch.float32)
y = (y - y[:2000].mean()) / y[:2000].std()


def my_huber(pred, target, delta=1.0):
    err = (target - pred).abs()
    quad = torch.clamp(err, max=delta)
    return (0.5 * quad**2 + delta * (err - quad)).mean()


net = nn.Sequential(nn.Linear(10, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 1))
optimiser = torch.optim.Adam(net.parameters(), lr=2e-3)
history = []
for epoch in range(25):
    acc = 0.0
    for rows in torch.randperm(2000).split(50):
        loss = my_huber(net(X[rows]), y[rows])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        acc += loss.item() / 40
    with torch.no_grad():
        pred = net(X[2000:]).flatten()
        r2 = 1 - ((pred - y[2000:]) ** 2).mean() / y[2000:].var()
    history.append(acc)
    print(f"[{epoch + 1:2d}/25] huber {acc:.4f} r2 {r2:.4f}")
