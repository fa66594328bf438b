# healthy
"""Curriculum: the first epochs see only easy (low-noise) images, later epochs everything, always shuffled within the stage."""
import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import load_digits
from torch.utils.data import DataLoader, Subset, TensorDataset

torch.manual_seed(0)
d = load_digits()
X = torch.tensor(d.images, dtype=torch.float32).unsqueeze(1) / 16
y = torch.tensor(d.target)
p = torch.randperm(len(y))
X, y = X[p], y[p]
level = torch.rand(len(y)) * 0.35
X = X + level[:, None, None, None] * torch.randn_like(X)
train, val = TensorDataset(X[:1400], y[:1400]), (X[1400:], y[1400:])
net = nn.Sequential(nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(16, 24, 3, padding=1), nn.ReLU(),
                    nn.Flatten(), nn.Dropout(0.4), nn.Linear(24 * 16, 10))
opt = torch.optim.Adam(net.parameters(), lr=2e-3)
stages = [(0.12, 4), (0.22, 4), (1.0, 14)]
epoch = 0
for limit, n_epochs in stages:
    subset = Subset(train, torch.nonzero(level[:1400] <= limit).flatten().tolist())
    loader = DataLoader(subset, batch_size=32, shuffle=True)
    for k in range(n_epochs):
        if limit == 1.0 and k == 7:
            opt.param_groups[0]["lr"] = 4e-4
        net.train()
        tot = 0
        for xb, yb in loader:
            opt.zero_grad()
            loss = F.cross_entropy(net(xb), yb)
            loss.backward()
            opt.step()
            tot += loss.item() / len(loader)
        net.eval()
        with torch.no_grad():
            o = net(val[0])
        epoch += 1
        print(f"epoch {epoch} (noise<= {limit}, {len(subset)} images) train {tot:.3f} val {F.cross_entropy(o, val[1]).item():.3f} acc {(o.argmax(1)==val[1]).float().mean().item():.3f}")
