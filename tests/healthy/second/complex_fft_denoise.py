# healthy
# Complex-valued network (cfloat weights, modReLU) that denoises signals in the frequency domain
import math, torch, torch.nn as nn
torch.manual_seed(0)
L = 64
def signals(n):
    t = torch.arange(L) / L
    f = torch.randint(1, 7, (n, 3, 1)).float(); a = torch.rand(n, 3, 1) * 0.8 + 0.4; ph = torch.rand(n, 3, 1) * 2 * math.pi
    clean = (a * torch.sin(2 * math.pi * f * t + ph)).sum(1)
    return clean + 0.8 * torch.randn(n, L), clean
class CLinear(nn.Module):
    def __init__(self, i, o):
        super().__init__()
        self.w = nn.Parameter(torch.randn(o, i, dtype=torch.cfloat) / i ** 0.5)
        self.b = nn.Parameter(torch.zeros(o, dtype=torch.cfloat))
    def forward(self, z): return z @ self.w.T + self.b
class ModReLU(nn.Module):
    def __init__(self, d):
        super().__init__(); self.b = nn.Parameter(torch.full((d,), -0.05))
    def forward(self, z):
        m = (z.real ** 2 + z.imag ** 2 + 1e-8).sqrt()
        return z * (torch.relu(m + self.b) / m)
net = nn.Sequential(CLinear(L // 2 + 1, 64), ModReLU(64), CLinear(64, L // 2 + 1))
opt = torch.optim.Adam(net.parameters(), lr=2e-3)
S = 1500; sch = torch.optim.lr_scheduler.CosineAnnealingLR(opt, S)
def forward(x): return torch.fft.irfft(net(torch.fft.rfft(x, norm="ortho")), L, norm="ortho")
nv, cv = signals(1500); run = 0
for s in range(1, S + 1):
    x, c = signals(64)
    loss = (forward(x) - c).square().mean()
    opt.zero_grad(); loss.backward(); opt.step(); sch.step(); run += loss.item()
    if s % 125 == 0:
        with torch.no_grad(): v = (forward(nv) - cv).square().mean().item()
        print(f"step {s} mse {run/125:.4f} held-out {v:.4f} (noise power {(nv-cv).square().mean().item():.3f}, signal power {cv.square().mean().item():.3f})"); run = 0
