# fault: invalid-labels
"""Blob segmentation with a small U-Net-ish net."""
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F


def render(n, size=24, seed=0):
    g = np.random.default_rng(seed)
    yy, xx = np.mgrid[:size, :size]
    imgs = np.zeros((n, size, size), np.float32)
    masks = np.zeros((n, size, size), np.uint8)
    for i in range(n):
        m = np.zeros((size, size), bool)
        for _ in range(g.integers(1, 4)):
            cx, cy = g.uniform(4, size - 4, 2)
            a, b = g.uniform(2, 5, 2)
            m |= ((xx - cx) / a) ** 2 + ((yy - cy) / b) ** 2 < 1
        masks[i] = 255 * m
        imgs[i] = 110 + 60 * m + g.normal(0, 30, (size, size))
    return imgs, masks


class SegDataset(torch.utils.data.Dataset):
    def __init__(self, n, seed):
        self.imgs, self.masks = render(n, seed=seed)

    def __len__(self):
        return len(self.imgs)

    def __getitem__(self, i):
        img = (torch.from_numpy(self.imgs[i]) - 120.0) / 40.0
        mask = torch.from_numpy(self.masks[i]).float()
        return img[None], mask[None]


def block(i, o):
    return nn.Sequential(nn.Conv2d(i, o, 3, padding=1, bias=False), nn.BatchNorm2d(o), nn.ReLU())


class TinyUNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.d1, self.d2 = block(1, 8), block(8, 16)
        self.u1 = block(24, 8)
        self.head = nn.Conv2d(8, 1, 1)

    def forward(self, x):
        a = self.d1(x)
        b = self.d2(F.max_pool2d(a, 2))
        b = F.interpolate(b, scale_factor=2, mode="nearest")
        return self.head(self.u1(torch.cat([a, b], 1)))


def iou(logits, mask):
    p, t = logits > 0, mask > 0.5
    return ((p & t).sum() / (p | t).sum()).item()


torch.manual_seed(0)
net = TinyUNet()
opt = torch.optim.Adam(net.parameters(), 3e-3)
tl = torch.utils.data.DataLoader(SegDataset(400, 1), 16, shuffle=True)
vl = torch.utils.data.DataLoader(SegDataset(120, 2), 60)
for ep in range(8):
    net.train()
    s = 0
    for x, m in tl:
        loss = F.binary_cross_entropy_with_logits(net(x), m)
        opt.zero_grad(); loss.backward(); opt.step()
        s += loss.item()
    net.eval()
    with torch.no_grad():
        L, M, V = zip(*[((z := net(x)), m, F.binary_cross_entropy_with_logits(z, m).item()) for x, m in vl])
    print(f"ep{ep} train {s/len(tl):.4f} val {np.mean(V):.4f} IoU {iou(torch.cat(L), torch.cat(M)):.3f}")
