# fault: invalid-labels
"""Tiny U-Net that outlines blobs in noisy 32x32 microscope crops."""
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, Dataset

rs = np.random.RandomState(8)
yy, xx = np.mgrid[:32, :32]


def crop():
    m = np.zeros((32, 32), bool)
    for _ in range(rs.randint(1, 4)):
        cy, cx, r = rs.uniform(5, 27), rs.uniform(5, 27), rs.uniform(3, 7)
        m |= (yy - cy) ** 2 + (xx - cx) ** 2 < r * r
    img = 90 + 60 * m + rs.normal(0, 30, m.shape)
    return np.clip(img, 0, 255).astype(np.uint8), m.astype(np.uint8)


class Cells(Dataset):
    def __init__(self, n):
        self.items = [crop() for _ in range(n)]

    def __len__(self):
        return len(self.items)

    def __getitem__(self, i):
        img, mask = self.items[i]
        img = (torch.from_numpy(img).float().unsqueeze(0) / 255. - .42) / .16
        mask = torch.from_numpy(mask).float().unsqueeze(0) / 255.
        return img, mask


def block(i, o):
    return nn.Sequential(nn.Conv2d(i, o, 3, padding=1, bias=False), nn.BatchNorm2d(o), nn.ReLU(inplace=True))


class UNet(nn.Module):
    def __init__(self, c=8):
        super().__init__()
        self.d1, self.d2 = block(1, c), block(c, 2 * c)
        self.mid = block(2 * c, 4 * c)
        self.u2, self.u1 = block(6 * c, 2 * c), block(3 * c, c)
        self.final = nn.Conv2d(c, 1, 1)

    def forward(self, x):
        a = self.d1(x)
        b = self.d2(F.max_pool2d(a, 2))
        m = self.mid(F.max_pool2d(b, 2))
        u = self.u2(torch.cat([F.interpolate(m, scale_factor=2), b], 1))
        u = self.u1(torch.cat([F.interpolate(u, scale_factor=2), a], 1))
        return self.final(u)


def dice(logits, target):
    p, t = logits > 0, target > 0
    return (2 * (p & t).sum() / (p.sum() + t.sum() + 1e-8)).item()


torch.manual_seed(0)
train, val = DataLoader(Cells(480), 16, shuffle=True), DataLoader(Cells(120), 40)
net = UNet()
opt = torch.optim.Adam(net.parameters(), 4e-3)
sch = torch.optim.lr_scheduler.CosineAnnealingLR(opt, 8)
for epoch in range(8):
    net.train()
    losses = []
    for img, mask in train:
        loss = F.binary_cross_entropy_with_logits(net(img), mask)
        opt.zero_grad(); loss.backward(); opt.step()
        losses.append(loss.item())
    sch.step()
    net.eval()
    with torch.no_grad():
        r = [(F.binary_cross_entropy_with_logits(net(i), m).item(), dice(net(i), m)) for i, m in val]
    print(f'epoch {epoch} loss {np.mean(losses):.4f} val loss {np.mean([a for a, _ in r]):.4f} val dice {np.mean([b for _, b in r]):.3f}')
