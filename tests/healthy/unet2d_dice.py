# healthy: tiny 2-D U-Net with bilinear upsampling, skip connections, BCE + soft dice loss
import torch, torch.nn as nn, torch.nn.functional as F
torch.manual_seed(4)

def blobs(n, s=16):
    yy, xx = torch.meshgrid(torch.arange(s).float(), torch.arange(s).float(), indexing='ij')
    cx, cy = (torch.rand(n, 1, 1) * 8 + 4 for _ in range(2))
    r = torch.rand(n, 1, 1) * 3 + 2
    m = (((xx - cx) ** 2 + (yy - cy) ** 2) < r ** 2).float()
    return (m + 0.5 * torch.randn(n, s, s)).unsqueeze(1), m.unsqueeze(1)

class DoubleConv(nn.Module):
    def __init__(self, i, o):
        super().__init__()
        self.a = nn.Conv2d(i, o, 3, padding=1); self.b = nn.Conv2d(o, o, 3, padding=1)
        self.n = nn.GroupNorm(4, o)
    def forward(self, x):
        return F.relu(self.n(self.b(F.relu(self.a(x)))))

class UNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.inc, self.down, self.up = DoubleConv(1, 8), DoubleConv(8, 16), DoubleConv(24, 8)
        self.outc = nn.Conv2d(8, 1, 1)
    def forward(self, x):
        x1 = self.inc(x)
        x2 = self.down(F.max_pool2d(x1, 2))
        x2 = F.interpolate(x2, scale_factor=2, mode='bilinear', align_corners=False)
        return self.outc(self.up(torch.cat((x2, x1), dim=1)))

def dice_loss(logits, y):
    p = torch.sigmoid(logits).flatten(1); y = y.flatten(1)
    return 1 - ((2 * (p * y).sum(1) + 1) / (p.sum(1) + y.sum(1) + 1)).mean()

X, Y = blobs(500); Xv, Yv = blobs(150)
net = UNet(); opt = torch.optim.RMSprop(net.parameters(), lr=1e-3, momentum=0.9)
for ep in range(8):
    net.train()
    for i in torch.randperm(500).split(20):
        o = net(X[i])
        loss = F.binary_cross_entropy_with_logits(o, Y[i]) + dice_loss(o, Y[i])
        opt.zero_grad(); loss.backward(); opt.step()
    net.eval()
    with torch.no_grad():
        o = net(Xv)
        vl = F.binary_cross_entropy_with_logits(o, Yv) + dice_loss(o, Yv)
        iou = (((o > 0) & (Yv > 0)).sum() / ((o > 0) | (Yv > 0)).sum()).item()
    print('epoch', ep, 'train', round(loss.item(), 4), 'val', round(vl.item(), 4), 'IoU', round(iou, 4))
