# healthy
# SIREN: fit an image with sine activations; held-out pixels check that it interpolates.
import math, torch, torch.nn as nn
torch.manual_seed(0)
S = 48
g = torch.linspace(-1, 1, S)
yy, xx = torch.meshgrid(g, g, indexing="ij")
img = 0.5 * torch.sin(5 * xx + 3 * yy) + 0.4 * torch.exp(-8 * ((xx - .3) ** 2 + (yy + .2) ** 2)) + 0.3 * torch.cos(9 * (xx ** 2 + yy ** 2))
coords, values = torch.stack([xx, yy], -1).view(-1, 2), img.reshape(-1, 1)
perm = torch.randperm(S * S)
tr, te = perm[:1700], perm[1700:]

class Sine(nn.Module):
    def __init__(self, i, o, first=False, w0=10.0):
        super().__init__()
        self.w0, self.lin = w0, nn.Linear(i, o)
        b = 1 / i if first else math.sqrt(6 / i) / w0
        nn.init.uniform_(self.lin.weight, -b, b)
    def forward(self, x):
        return torch.sin(self.w0 * self.lin(x))

net = nn.Sequential(Sine(2, 64, True), Sine(64, 64), nn.Linear(64, 1))
opt = torch.optim.Adam(net.parameters(), lr=1e-3)
E = 60
sch = torch.optim.lr_scheduler.CosineAnnealingLR(opt, E)
for e in range(E):
    tot = 0
    for b in tr[torch.randperm(len(tr))].split(100):
        loss = ((net(coords[b]) - values[b]) ** 2).mean()
        opt.zero_grad(); loss.backward(); opt.step(); tot += loss.item() / 17
    sch.step()
    if e % 5 == 4:
        with torch.no_grad(): v = ((net(coords[te]) - values[te]) ** 2).mean().item()
        print(f"epoch {e+1} mse {tot:.6f} held-out pixels {v:.6f} PSNR {10*math.log10(img.max().item()**2*4/v):.1f}")
