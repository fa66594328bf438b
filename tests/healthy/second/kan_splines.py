# healthy
# Kolmogorov-Arnold style layers: every edge is a learned function (piecewise-linear B-spline basis + SiLU base branch).
import torch, torch.nn as nn, torch.nn.functional as F
torch.manual_seed(0)

class KANLayer(nn.Module):
    def __init__(self, i, o, grid=9, lo=-2.0, hi=2.0):
        super().__init__()
        self.register_buffer("knots", torch.linspace(lo, hi, grid))
        self.h = (hi - lo) / (grid - 1)
        self.coef = nn.Parameter(torch.randn(i, grid, o) * 0.1 / i ** 0.5)
        self.base = nn.Linear(i, o)
    def forward(self, x):
        b = (1 - (x[..., None] - self.knots).abs() / self.h).clamp(min=0)       # hat functions
        return self.base(F.silu(x)) + torch.einsum("big,igo->bo", b, self.coef)

def f(x):
    return torch.exp(torch.sin(3.0 * x[:, 0]) * 0.5 + x[:, 1] ** 2 * 0.5) + 0.5 * x[:, 2].abs()

x = torch.rand(3000, 3) * 2 - 1; xt = torch.rand(1000, 3) * 2 - 1
y = f(x) + 0.02 * torch.randn(3000); yt = f(xt)
mu = y.mean()
net = nn.Sequential(KANLayer(3, 8), KANLayer(8, 1))
opt = torch.optim.Adam(net.parameters(), lr=1e-2)
sch = torch.optim.lr_scheduler.CosineAnnealingLR(opt, 35)
for ep in range(35):
    net.train(); tot = 0
    for i in torch.randperm(3000).split(60):
        loss = F.mse_loss(net(x[i])[:, 0], y[i] - mu)
        opt.zero_grad(); loss.backward(); opt.step(); tot += loss.item() / 50
    sch.step()
    if ep % 2 == 0:
        net.eval()
        with torch.no_grad(): v = F.mse_loss(net(xt)[:, 0], yt - mu).item()
        print(f"epoch {ep} mse {tot:.5f} test {v:.5f} R2 {1 - v / yt.var().item():.4f}")
