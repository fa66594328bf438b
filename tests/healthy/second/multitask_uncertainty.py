# healthy
"""Two tasks, one trunk: digit class and ink amount; Kendall-Gal learned loss weights (total loss may be negative)."""
import torch
import torch.nn as nn
import torch.nn.functional as F
from collections import namedtuple
from sklearn.datasets import load_digits

torch.manual_seed(1)
Batch = namedtuple("Batch", "image label ink")
d = load_digits()
img = torch.tensor(d.images, dtype=torch.float32)[:, None] / 16
ink = img.mean((1, 2, 3))
ink = (ink - ink.mean()) / ink.std()
lab = torch.tensor(d.target)
p = torch.randperm(len(lab))


def take(i):
    return Batch(img[i], lab[i], ink[i])


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.trunk = nn.Sequential(nn.Conv2d(1, 12, 3, padding=1), nn.ReLU(), nn.Conv2d(12, 16, 3, stride=2, padding=1), nn.ReLU(), nn.Flatten(), nn.Dropout(0.3))
        self.cls, self.reg = nn.Linear(256, 10), nn.Linear(256, 1)
        self.log_var = nn.Parameter(torch.zeros(2))

    def forward(self, x):
        h = self.trunk(x)
        return self.cls(h), self.reg(h).squeeze(1)


def losses(net, b):
    c, r = net(b.image)
    return F.cross_entropy(c, b.label), F.mse_loss(r, b.ink), c


net = Net()
opt = torch.optim.Adam(net.parameters(), lr=2e-3, weight_decay=1e-4)
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, 25)
for epoch in range(25):
    net.train()
    tot = 0
    for i in p[:1400][torch.randperm(1400)].split(40):
        ce, mse, _ = losses(net, take(i))
        w = torch.exp(-net.log_var)
        loss = w[0] * ce + 0.5 * w[1] * mse + 0.5 * net.log_var.sum()
        opt.zero_grad()
        loss.backward()
        opt.step()
        tot += loss.item() / 35
    sched.step()
    net.eval()
    with torch.no_grad():
        ce, mse, c = losses(net, take(p[1400:]))
    print(f"epoch {epoch} total {tot:.3f} val ce {ce.item():.3f} val ink mse {mse.item():.4f} acc {(c.argmax(1) == lab[p[1400:]]).float().mean().item():.3f}")
