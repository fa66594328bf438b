# fault: unstable-optimizer-setting
# eps=1.0 (an Inception recipe in TF) on small gradients: quantile regression of engine load
import torch
from torch import nn

torch.manual_seed(90)
x = torch.rand(2000, 3) * 2 - 1
noise = torch.randn(2000) * (0.2 + 0.4 * x[:, 0].abs())
y = torch.sin(3 * x[:, 0]) + x[:, 1] * x[:, 2] + noise
taus = torch.tensor([0.1, 0.5, 0.9])


def pinball(q, t):
    e = t[:, None] - q
    return torch.maximum(taus * e, (taus - 1) * e).mean()


net = nn.Sequential(nn.Linear(3, 64), nn.Tanh(), nn.Linear(64, 64), nn.Tanh(), nn.Linear(64, 3))
opt = torch.optim.Adam(net.parameters(), lr=1e-3, eps=1.0)
for epoch in range(20):
    for b in torch.randperm(1600).split(40):
        opt.zero_grad()
        loss = pinball(net(x[b]), y[b])
        loss.backward()
        opt.step()
    with torch.no_grad():
        q = net(x[1600:])
        cover = ((y[1600:] > q[:, 0]) & (y[1600:] < q[:, 2])).float().mean().item()
        if epoch % 4 == 3:
            print(f"epoch {epoch} train {loss.item():.4f} val {pinball(q, y[1600:]).item():.4f} coverage of 80% band {cover:.3f}")
