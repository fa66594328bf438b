# healthy
"""Three conditional quantiles with the pinball loss."""
import torch
import torch.nn as nn

torch.manual_seed(6)
taus = torch.tensor([0.1, 0.5, 0.9])


def generate(n):
    x = torch.rand(n, 3) * 2 - 1
    loc = 1.0 + x[:, 0] - 0.8 * x[:, 1] ** 2 + torch.sin(3 * x[:, 2])
    noise = torch.distributions.Exponential(1.0).sample((n,)) * (0.3 + 0.2 * (x[:, 0] > 0))
    return x, (loc + noise).unsqueeze(1)


def pinball(pred, y):
    e = y - pred
    return torch.maximum(taus * e, (taus - 1) * e).mean()


x, y = generate(4000)
xv, yv = generate(2000)
net = nn.Sequential(nn.Linear(3, 64), nn.ELU(), nn.Linear(64, 64), nn.ELU(), nn.Linear(64, 3))
opt = torch.optim.Adam(net.parameters(), lr=4e-3)
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, 30)
for epoch in range(1, 31):
    net.train()
    total = 0.0
    for i in torch.randperm(4000).split(80):
        loss = pinball(net(x[i]), y[i])
        opt.zero_grad()
        loss.backward()
        opt.step()
        total += loss.item() / 50
    sched.step()
    net.eval()
    with torch.no_grad():
        q = net(xv)
        cover = ((yv > q[:, :1]) & (yv < q[:, 2:])).float().mean().item()
        val = pinball(q, yv).item()
    if epoch % 3 == 0:
        print(f"epoch {epoch:2d} pinball {total:.4f} val {val:.4f} 10-90 coverage {cover:.3f}")
