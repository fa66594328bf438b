# healthy
"""Residual MLP for particle-physics-like tabular data; number of blocks configurable."""
import torch
import torch.nn as nn
from sklearn.datasets import make_classification


class Block(nn.Module):
    def __init__(self, i, o):
        super().__init__()
        self.lin = nn.Linear(i, o)
        self.norm = nn.LayerNorm(o)

    def forward(self, x):
        return torch.relu(self.norm(self.lin(x)))


class ResMLP(nn.Module):
    def __init__(self, d_in=14, width=40, n_blocks=2):
        super().__init__()
        sizes = [d_in, 6] + [width] * (n_blocks - 1)
        blocks = [Block(a, b) for a, b in zip(sizes[:-1], sizes[1:])]
        self.blocks = nn.ModuleList(blocks)
        self.out = nn.Linear(width, 5)

    def forward(self, x):
        for block in self.blocks:
            x = block(x)
        return self.out(x)


torch.manual_seed(7)
X, y = make_classification(n_samples=6000, n_features=14, n_informative=7, n_redundant=0, n_classes=5, n_clusters_per_class=1,
                           class_sep=1.8, flip_y=0.02, random_state=7)
X = torch.tensor((X - X.mean(0)) / X.std(0), dtype=torch.float32)
y = torch.tensor(y)
Xt, yt, Xv, yv = X[:4800], y[:4800], X[4800:], y[4800:]
net = ResMLP()
print(f"{sum(p.numel() for p in net.parameters())} parameters")
opt = torch.optim.AdamW(net.parameters(), lr=3e-3)
lossf = nn.CrossEntropyLoss()
for epoch in range(15):
    cum = 0
    for i in torch.randperm(len(Xt)).split(80):
        opt.zero_grad()
        loss = lossf(net(Xt[i]), yt[i])
        loss.backward()
        opt.step()
        cum += loss.item() * len(i) / len(Xt)
    with torch.no_grad():
        z = net(Xv)
        print(f"epoch {epoch} train {cum:.4f} val {lossf(z, yv):.4f} acc {(z.argmax(1) == yv).float().mean():.4f}")
