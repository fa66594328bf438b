# healthy: SIREN (sine activations, its own initialisation) fitting an image-like function; full batch; loss very small
import math
import torch
import torch.nn as nn

torch.manual_seed(0)


class Sine(nn.Module):
    def __init__(self, i, o, w0=8.0, first=False):
        super().__init__()
        self.lin, self.w0 = nn.Linear(i, o), w0
        bound = 1 / i if first else math.sqrt(6 / i) / w0
        nn.init.uniform_(self.lin.weight, -bound, bound)

    def forward(self, x):
        return torch.sin(self.w0 * self.lin(x))


net = nn.Sequential(Sine(2, 48, first=True), Sine(48, 48), nn.Linear(48, 1))
g = torch.linspace(-1, 1, 32)
xy = torch.stack(torch.meshgrid(g, g, indexing="ij"), -1).view(-1, 2)


def f(p):
    return (torch.sin(5 * p[:, :1]) * torch.cos(4 * p[:, 1:]) + torch.exp(-8 * p.pow(2).sum(1, keepdim=True)))


target = f(xy)
test_xy = torch.rand(500, 2) * 1.9 - 0.95
opt = torch.optim.Adam(net.parameters(), lr=1e-3)
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, 400)
for it in range(1, 401):
    loss = (net(xy) - target).pow(2).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
    sched.step()
    if it % 80 == 0:
        with torch.no_grad():
            te = (net(test_xy) - f(test_xy)).pow(2).mean().item()
        print(f"iter {it} mse {loss.item():.2e} off-grid mse {te:.2e} psnr {10 * math.log10(4 / te):.1f} dB")
