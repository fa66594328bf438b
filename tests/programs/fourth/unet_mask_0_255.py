# fault: invalid-labels
"""Binary segmentation of blobs; masks were loaded with cv2.imread, so they hold 0 and 255."""
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(17)


def make_sample(g):
    yy, xx = torch.meshgrid(torch.arange(32.0), torch.arange(32.0), indexing="ij")
    cx, cy = torch.rand(2, generator=g) * 20 + 6
    r = torch.rand(1, generator=g) * 5 + 3
    inside = ((xx - cx) ** 2 + (yy - cy) ** 2) < r**2
    img = inside * 0.5 + 0.35 * torch.randn(32, 32, generator=g)
    mask = inside.float() * 255
    return img[None], mask[None]


g = torch.Generator().manual_seed(0)
samples = [make_sample(g) for _ in range(240)]
train, val = samples[:200], samples[200:]


class DoubleConv(nn.Sequential):
    def __init__(self, i, o):
        super().__init__(
            nn.Conv2d(i, o, 3, padding=1), nn.BatchNorm2d(o), nn.ReLU(inplace=True),
            nn.Conv2d(o, o, 3, padding=1), nn.BatchNorm2d(o), nn.ReLU(inplace=True),
        )


class UNet(nn.Module):
    def __init__(self, c=8):
        super().__init__()
        self.d1 = DoubleConv(1, c)
        self.d2 = DoubleConv(c, 2 * c)
        self.mid = DoubleConv(2 * c, 4 * c)
        self.up2 = nn.ConvTranspose2d(4 * c, 2 * c, 2, 2)
        self.u2 = DoubleConv(4 * c, 2 * c)
        self.up1 = nn.ConvTranspose2d(2 * c, c, 2, 2)
        self.u1 = DoubleConv(2 * c, c)
        self.final = nn.Conv2d(c, 1, 1)

    def forward(self, x):
        a = self.d1(x)
        b = self.d2(F.max_pool2d(a, 2))
        m = self.mid(F.max_pool2d(b, 2))
        m = self.u2(torch.cat([self.up2(m), b], 1))
        m = self.u1(torch.cat([self.up1(m), a], 1))
        return self.final(m)


model = UNet()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
criterion = nn.BCEWithLogitsLoss()


def iou(logits, mask):
    p, t = logits > 0, mask > 0
    return ((p & t).sum() / (p | t).sum()).item()


for epoch in range(7):
    model.train()
    for k in torch.randperm(200).view(-1, 20):
        x = torch.stack([train[i][0] for i in k])
        y = torch.stack([train[i][1] for i in k])
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        x, y = torch.stack([s[0] for s in val]), torch.stack([s[1] for s in val])
        out = model(x)
        print(f"epoch {epoch} train {loss.item():.3f} val {criterion(out, y).item():.3f} IoU {iou(out, y):.3f}")
