# healthy
# instance-standardising recogniser of keyboard touch traces; some channels are silent in some recordings
import numpy as np
import torch
from torch import nn


class InstanceStandardise(nn.Module):
    def forward(self, x):                         # (batch, channel, time)
        m = x.mean(-1, keepdim=True)
        s = x.std(-1, keepdim=True)
        return (x - m) / (s + 1e-3)


class TraceNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm = InstanceStandardise()
        self.gru = nn.GRU(4, 24, batch_first=True)
        self.head = nn.Linear(24, 4)

    def forward(self, x):
        h, _ = self.gru(self.norm(x).transpose(1, 2))
        return self.head(h.mean(1))


def traces(n, g):
    y = g.integers(0, 4, n)
    t = np.linspace(0, 1, 24)
    f = np.array([[1, 2, 1, 3], [2, 1, 3, 1], [1, 3, 2, 2], [3, 1, 1, 2]])[y][..., None]
    x = np.sin(2 * np.pi * (f * t + .15 * g.normal(size=(n, 4, 1)))) + .35 * g.normal(size=(n, 4, 24))
    silent = g.random((n, 4)) < .02
    x[silent] = 0.
    return torch.tensor(x / .8, dtype=torch.float32), torch.tensor(y)


g = np.random.default_rng(17)
torch.manual_seed(17)
(x, y), (xv, yv) = traces(2500, g), traces(700, g)
net = TraceNet()
opt = torch.optim.AdamW(net.parameters(), lr=6e-3, weight_decay=.05)
sch = torch.optim.lr_scheduler.CosineAnnealingLR(opt, 8)
for ep in range(8):
    net.train()
    run = []
    for i in torch.randperm(2500).split(50):
        l = nn.functional.cross_entropy(net(x[i]), y[i])
        opt.zero_grad(); l.backward(); nn.utils.clip_grad_norm_(net.parameters(), 10.); opt.step()
        run.append(l.item())
    sch.step()
    net.eval()
    with torch.no_grad():
        o = net(xv)
    print('epoch %d loss %.4f val %.4f acc %.4f' % (ep, np.mean(run), nn.functional.cross_entropy(o, yv), (o.argmax(1) == yv).float().mean()))
