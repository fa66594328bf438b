# healthy: pinball loss for three quantiles: piecewise constant gradients, high floor from heteroscedastic noise
import torch
import torch.nn as nn

torch.manual_seed(0)
qs = torch.tensor([0.1, 0.5, 0.9])


def data(n):
    x = torch.rand(n, 1) * 4 - 2
    return x, torch.sin(2 * x) + (0.1 + 0.2 * x.abs()) * torch.randn(n, 1)


def pinball(pred, y):
    e = y - pred
    return torch.maximum(qs * e, (qs - 1) * e).mean()


x, y = data(2000)
xv, yv = data(1000)
net = nn.Sequential(nn.Linear(1, 48), nn.ELU(), nn.Linear(48, 48), nn.ELU(), nn.Linear(48, 3))
opt = torch.optim.Adam(net.parameters(), lr=3e-3)
sched = torch.optim.lr_scheduler.ExponentialLR(opt, 0.93)
for epoch in range(30):
    for b in torch.randperm(2000).split(64):
        loss = pinball(net(x[b]), y[b])
        opt.zero_grad()
        loss.backward()
        opt.step()
    sched.step()
    if epoch % 5 == 4:
        with torch.no_grad():
            p = net(xv)
        print(f"epoch {epoch + 1} train {pinball(net(x), y).item():.4f} val {pinball(p, yv).item():.4f} coverage {[round(v, 3) for v in (yv <= p).float().mean(0).tolist()]}")
