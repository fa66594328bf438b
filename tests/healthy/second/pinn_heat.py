# healthy
# Physics-informed net: u_t = 0.1 u_xx on [0,1]x[0,1], u(x,0)=sin(pi x), zero at both ends. No data, no labels.
import math, torch
from torch import nn
torch.manual_seed(0)
net = nn.Sequential(nn.Linear(2, 32), nn.Tanh(), nn.Linear(32, 32), nn.Tanh(), nn.Linear(32, 1))
opt = torch.optim.Adam(net.parameters(), lr=5e-3)
N = 1200
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, N, eta_min=1e-5)
u = lambda x, t: net(torch.cat([2 * x - 1, 2 * t - 1], 1))
gx, gt = torch.meshgrid(torch.linspace(0, 1, 41), torch.linspace(0, 1, 41), indexing="ij")
gx, gt = gx.reshape(-1, 1), gt.reshape(-1, 1)
exact = torch.exp(-0.1 * math.pi ** 2 * gt) * torch.sin(math.pi * gx)
for k in range(N + 1):
    x = torch.rand(128, 1, requires_grad=True)
    t = torch.rand(128, 1, requires_grad=True)
    v = u(x, t)
    vx, vt = torch.autograd.grad(v.sum(), (x, t), create_graph=True)
    vxx, = torch.autograd.grad(vx.sum(), x, create_graph=True)
    pde = ((vt - 0.1 * vxx) ** 2).mean()
    x0 = torch.rand(64, 1); tb = torch.rand(64, 1)
    ic = ((u(x0, torch.zeros_like(x0)) - torch.sin(math.pi * x0)) ** 2).mean()
    bc = (u(torch.zeros_like(tb), tb) ** 2).mean() + (u(torch.ones_like(tb), tb) ** 2).mean()
    loss = pde + 10 * ic + 10 * bc
    opt.zero_grad(); loss.backward(); opt.step(); sched.step()
    if k % 100 == 0:
        with torch.no_grad():
            rel = ((u(gx, gt) - exact).norm() / exact.norm()).item()
        print(f"{k:5d} loss {loss.item():.2e} pde {pde.item():.2e} ic {ic.item():.2e} relative error {rel:.4f}")
