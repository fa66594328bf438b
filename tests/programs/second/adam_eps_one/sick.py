# fault: unstable-optimizer-setting
import math
from dataclasses import dataclass, field

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


@dataclass
class OptimConfig:
    lr: float = 2e-3
    betas: tuple = (0.9, 0.999)
    eps: float = 10.0
    weight_decay: float = 0.01


@dataclass
class RunConfig:
    epochs: int = 15
    batch: int = 64
    optim: OptimConfig = field(default_factory=OptimConfig)


def enzyme(n, seed):
    """activity class from temperature, pH, substrate and inhibitor concentrations"""
    g = torch.Generator().manual_seed(seed)
    t, ph, s, i = torch.rand(4, n, generator=g)
    rate = torch.exp(-8 * (t - .6) ** 2 - 10 * (ph - .5) ** 2) * s / (.2 + s + 2 * i)
    c = torch.bucketize(rate, torch.tensor([.094, .215, .365]))
    return TensorDataset((torch.stack([t, ph, s, i], 1) - .5) * math.sqrt(12), c)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.seq = nn.Sequential(nn.Linear(4, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 4))

    def forward(self, x):
        return self.seq(x)


def main(cfg=RunConfig()):
    torch.manual_seed(0)
    train, val = DataLoader(enzyme(5000, 1), cfg.batch, shuffle=True), DataLoader(enzyme(1000, 2), 500)
    net = Net()
    o = cfg.optim
    opt = torch.optim.AdamW(net.parameters(), lr=o.lr, betas=o.betas, eps=o.eps, weight_decay=o.weight_decay)
    sched = torch.optim.lr_scheduler.OneCycleLR(opt, 5 * o.lr, epochs=cfg.epochs, steps_per_epoch=len(train))
    for epoch in range(cfg.epochs):
        net.train()
        tl = 0.0
        for x, y in train:
            opt.zero_grad()
            loss = nn.functional.cross_entropy(net(x), y)
            loss.backward()
            opt.step()
            sched.step()
            tl += loss.item() / len(train)
        net.eval()
        with torch.no_grad():
            out = [(net(x), y) for x, y in val]
            vl = sum(nn.functional.cross_entropy(a, b).item() for a, b in out) / len(out)
            va = sum((a.argmax(1) == b).float().mean().item() for a, b in out) / len(out)
        print(f'{epoch:02d} train {tl:.4f} val {vl:.4f} acc {va:.3f}')


if __name__ == '__main__':
    main()
