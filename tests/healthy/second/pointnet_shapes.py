# healthy
"""PointNet: shape of a noisy, randomly rotated point cloud (sphere, cube surface, cylinder, cone), max pooling."""
import math
import torch
from torch import nn
from torch.utils.data import IterableDataset, DataLoader


def cloud(kind, n=64):
    u, v = torch.rand(n), torch.rand(n)
    th = 2 * math.pi * u
    if kind == 0:
        p = nn.functional.normalize(torch.randn(n, 3), dim=1)
    elif kind == 1:
        p = torch.rand(n, 3) * 2 - 1
        ax = torch.randint(0, 3, (n,))
        p[torch.arange(n), ax] = torch.sign(torch.rand(n) - 0.5)
        p = p * 0.8
    elif kind == 2:
        p = torch.stack([0.6 * th.cos(), 0.6 * th.sin(), 2 * v - 1], 1)
    else:
        r = v.sqrt()
        p = torch.stack([r * th.cos(), r * th.sin(), 1 - 2 * r], 1)
    q, _ = torch.linalg.qr(torch.randn(3, 3))
    p = p @ q + 0.03 * torch.randn(n, 3)
    return p - p.mean(0)


class Clouds(IterableDataset):
    def __init__(self, count):
        self.count = count

    def __iter__(self):
        for _ in range(self.count):
            k = int(torch.randint(0, 4, ()))
            yield cloud(k), k


class PointNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.point = nn.Sequential(nn.Linear(3, 32), nn.ReLU(), nn.Linear(32, 96), nn.ReLU())
        self.head = nn.Sequential(nn.Linear(96, 48), nn.ReLU(), nn.Linear(48, 4))

    def forward(self, p):
        return self.head(self.point(p).amax(1))


torch.manual_seed(0)
val = list(DataLoader(Clouds(400), batch_size=400))[0]
net = PointNet()
opt = torch.optim.Adam(net.parameters(), lr=5e-3)
sched = torch.optim.lr_scheduler.StepLR(opt, 7, 0.3)
loss_fn = nn.CrossEntropyLoss()
for epoch in range(21):
    net.train()
    s = k = 0
    for p, y in DataLoader(Clouds(1024), batch_size=32):
        loss = loss_fn(net(p), y)
        opt.zero_grad()
        loss.backward()
        opt.step()
        s += loss.item(); k += 1
    sched.step()
    net.eval()
    with torch.no_grad():
        o = net(val[0])
    print(f"epoch {epoch+1} train {s/k:.3f} val {loss_fn(o, val[1]).item():.3f} acc {(o.argmax(1) == val[1]).float().mean().item():.3f}")
