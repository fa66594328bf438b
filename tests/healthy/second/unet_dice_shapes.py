# healthy
# Tiny U-Net, segmentation of discs and boxes on noise; dice + BCE. Images come from a generator, never repeated.
import torch, torch.nn as nn, torch.nn.functional as F
torch.manual_seed(0)
yy, xx = torch.meshgrid(torch.arange(24.), torch.arange(24.), indexing="ij")

def images(n):
    c = torch.rand(n, 2, 1, 1) * 14 + 5
    r = torch.rand(n, 1, 1) * 3 + 2.5
    disc = ((yy - c[:, 0]) ** 2 + (xx - c[:, 1]) ** 2 < r ** 2)
    box = ((yy - c[:, 0]).abs() < r) & ((xx - c[:, 1]).abs() < r)
    mask = torch.where((torch.rand(n) < .5)[:, None, None], disc, box).float()
    img = 0.3 + 0.35 * mask + 0.15 * torch.randn(n, 24, 24) + 0.1 * torch.sin(xx / 3 + torch.rand(n, 1, 1) * 6)
    return img[:, None].clamp(0, 1), mask[:, None]

def block(i, o):
    return nn.Sequential(nn.Conv2d(i, o, 3, padding=1), nn.ReLU(), nn.Conv2d(o, o, 3, padding=1), nn.ReLU())

class UNet(nn.Module):
    def __init__(self, c=8):
        super().__init__()
        self.d1, self.d2, self.mid = block(1, c), block(c, 2 * c), block(2 * c, 2 * c)
        self.up2, self.up1 = block(4 * c, c), block(2 * c, c)
        self.out = nn.Conv2d(c, 1, 1)
    def forward(self, x):
        a = self.d1(x)
        b = self.d2(F.max_pool2d(a, 2))
        m = self.mid(F.max_pool2d(b, 2))
        u = self.up2(torch.cat([F.interpolate(m, scale_factor=2.0), b], 1))
        u = self.up1(torch.cat([F.interpolate(u, scale_factor=2.0), a], 1))
        return self.out(u)

def dice_loss(logits, m, eps=1.0):
    p = torch.sigmoid(logits)
    inter = (p * m).sum((1, 2, 3))
    return (1 - (2 * inter + eps) / (p.sum((1, 2, 3)) + m.sum((1, 2, 3)) + eps)).mean()

net = UNet()
opt = torch.optim.Adam(net.parameters(), lr=3e-3)
sch = torch.optim.lr_scheduler.CosineAnnealingLR(opt, 240)
vi, vm = images(200)
for step in range(240):
    net.train()
    x, m = images(16)
    z = net(x)
    loss = dice_loss(z, m) + F.binary_cross_entropy_with_logits(z, m)
    opt.zero_grad(); loss.backward(); opt.step(); sch.step()
    if step % 20 == 19:
        net.eval()
        with torch.no_grad():
            z = net(vi); vl = dice_loss(z, vm) + F.binary_cross_entropy_with_logits(z, vm)
            h = z > 0; iou = ((h & (vm > 0)).sum((1, 2, 3)) / (h | (vm > 0)).sum((1, 2, 3))).mean()
        print(f"step {step+1} loss {loss.item():.3f} val {vl.item():.3f} IoU {iou.item():.3f}")
