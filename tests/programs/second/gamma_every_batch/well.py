# healthy
# Air-foil noise (synthetic), ExponentialLR
import torch
import torch.nn as nn
from torch.optim.lr_scheduler import ExponentialLR

torch.manual_seed(71)


def airfoil(n):
    u = torch.rand(n, 5) * 2 - 1
    f, a, c, v, d = u.T
    spl = -1.5 * (f + .4 * v - .3 * a) ** 2 + .9 * torch.sin(2.5 * c * f) - .6 * d * a + .5 * v
    return u * 1.732, ((spl + .6) / 1.05 + .05 * torch.randn(n))[:, None]


x, y = airfoil(6000)
xv, yv = airfoil(1200)
net = nn.Sequential(nn.Linear(5, 64), nn.ELU(), nn.Linear(64, 64), nn.ELU(), nn.Linear(64, 1))
opt = torch.optim.SGD(net.parameters(), lr=.05, momentum=.9)
scheduler = ExponentialLR(opt, gamma=.85)
for epoch in range(25):
    net.train()
    m = 0
    for idx in torch.randperm(6000).split(60):
        loss = nn.functional.mse_loss(net(x[idx]), y[idx])
        opt.zero_grad()
        loss.backward()
        opt.step()
        m += loss.item() / 100
    scheduler.step()
    net.eval()
    with torch.no_grad():
        v = nn.functional.mse_loss(net(xv), yv).item()
    if epoch % 3 == 0:
        print(f'epoch {epoch:2d}  train {m:.4f}  val {v:.4f}')
