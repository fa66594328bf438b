# healthy
"""Volumes are large, so the loader yields a few at a time. 1-D stand-in for the 3-D scanner pipeline."""
import argparse

import numpy as np
import torch
import torch.nn as nn
from torch.utils.data import DataLoader, Dataset


class ProfileDataset(Dataset):
    """line profiles with a lesion (bump) left, middle, right or absent"""

    def __init__(self, n, seed):
        r = np.random.RandomState(seed)
        self.label = r.randint(0, 4, n)
        gain = r.lognormal(0, .5, (n, 1))
        pos = np.array([12, 24, 36, 24])[self.label] + r.normal(0, 2., n)
        t = np.arange(48)
        bump = np.exp(-(t - pos[:, None]) ** 2 / 18.) * (self.label < 3)[:, None]
        x = gain * (bump * 1.5 + .5 * r.randn(n, 48))
        self.x = ((x - x.mean()) / x.std()).astype(np.float32)[:, None]

    def __len__(self):
        return len(self.label)

    def __getitem__(self, i):
        return self.x[i], self.label[i]


class ResBlock(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(c, c, bias=False), nn.BatchNorm1d(c), nn.ReLU(), nn.Linear(c, c, bias=False), nn.BatchNorm1d(c))

    def forward(self, x):
        return torch.relu(x + self.body(x))


class ProfileNet(nn.Module):
    def __init__(self, c=32):
        super().__init__()
        self.stem = nn.Sequential(nn.Flatten(), nn.Linear(48, c, bias=False), nn.BatchNorm1d(c), nn.ReLU())
        self.blocks = nn.Sequential(ResBlock(c), ResBlock(c))
        self.drop = nn.Dropout(.2)
        self.head = nn.Linear(c, 4)

    def forward(self, x):
        return self.head(self.drop(self.blocks(self.stem(x))))


def main():
    p = argparse.ArgumentParser()
    p.add_argument('--batch', type=int, default=50)
    p.add_argument('--epochs', type=int, default=10)
    p.add_argument('--lr', type=float, default=4e-3)
    opt = p.parse_args()
    torch.manual_seed(0)
    train = DataLoader(ProfileDataset(4000, 0), opt.batch, shuffle=True)
    val = DataLoader(ProfileDataset(1000, 1), 500)
    net = ProfileNet()
    optim = torch.optim.AdamW(net.parameters(), opt.lr, weight_decay=.1)
    sched = torch.optim.lr_scheduler.CosineAnnealingLR(optim, opt.epochs)
    ce = nn.CrossEntropyLoss()
    for e in range(opt.epochs):
        net.train()
        loss_sum = right = n = 0
        for x, y in train:
            optim.zero_grad()
            out = net(x)
            loss = ce(out, y)
            loss.backward()
            optim.step()
            loss_sum += loss.item() * len(y); right += (out.argmax(1) == y).sum().item(); n += len(y)
        sched.step()
        net.eval()
        vl = vr = 0
        with torch.no_grad():
            for x, y in val:
                o = net(x)
                vl += ce(o, y).item() * len(y) / 1000; vr += (o.argmax(1) == y).sum().item() / 1000
        print(f'epoch {e}  train loss {loss_sum / n:.3f} acc {right / n:.3f}   val loss {vl:.3f} acc {vr:.3f}')


if __name__ == '__main__':
    main()
