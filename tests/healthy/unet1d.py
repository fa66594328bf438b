# healthy: 1-D U-Net finding bumps in noisy signals; per-position classes are imbalanced (mostly background)
import torch
import torch.nn as nn

torch.manual_seed(0)
L = 64


def make(n):
    t = torch.arange(L).float()
    start, width = torch.randint(6, 40, (n, 1)), torch.randint(6, 18, (n, 1))
    mask = ((t >= start) & (t < start + width)).float()
    x = mask * (1.2 + 0.4 * torch.rand(n, 1)) + 0.4 * torch.randn(n, L) + 0.5 * torch.sin(t / 10 + 6 * torch.rand(n, 1))
    return x.unsqueeze(1), mask.unsqueeze(1)


def block(i, o):
    return nn.Sequential(nn.Conv1d(i, o, 3, padding=1, bias=False), nn.BatchNorm1d(o), nn.ReLU(inplace=True),
                         nn.Conv1d(o, o, 3, padding=1, bias=False), nn.BatchNorm1d(o), nn.ReLU(inplace=True))


class UNet(nn.Module):
    def __init__(self, c=12):
        super().__init__()
        self.d1, self.d2, self.mid = block(1, c), block(c, 2 * c), block(2 * c, 4 * c)
        self.up2, self.u2 = nn.ConvTranspose1d(4 * c, 2 * c, 2, 2), block(4 * c, 2 * c)
        self.up1, self.u1 = nn.ConvTranspose1d(2 * c, c, 2, 2), block(2 * c, c)
        self.out = nn.Conv1d(c, 1, 1)
        self.pool = nn.MaxPool1d(2)

    def forward(self, x):
        a = self.d1(x)
        b = self.d2(self.pool(a))
        m = self.mid(self.pool(b))
        x = self.u2(torch.cat([self.up2(m), b], 1))
        x = self.u1(torch.cat([self.up1(x), a], 1))
        return self.out(x)


def dice(logits, y):
    p = (logits > 0).float()
    return (2 * (p * y).sum() / (p.sum() + y.sum())).item()


xt, yt = make(600)
xv, yv = make(200)
net = UNet()
opt = torch.optim.Adam(net.parameters(), lr=2e-3)
bce = nn.BCEWithLogitsLoss()
for epoch in range(6):
    net.train()
    tot = 0
    for i in torch.randperm(600).split(30):
        opt.zero_grad()
        loss = bce(net(xt[i]), yt[i])
        loss.backward()
        opt.step()
        tot += loss.item() / 20
    net.eval()
    with torch.no_grad():
        o = net(xv)
    print(f"epoch {epoch} loss {tot:.4f} val_loss {bce(o, yv):.4f} val_dice {dice(o, yv):.4f}")
