# healthy
"""Neural ODE (fixed-step Euler, weights shared over 'time') fitted to a damped pendulum from many short trajectories."""
import torch
import torch.nn as nn

torch.manual_seed(0)
dt, steps = 0.1, 20


def pendulum(z):
    return torch.stack([z[..., 1], -1.5 * torch.sin(z[..., 0]) - 0.2 * z[..., 1]], -1)


def trajectories(n):
    z = torch.stack([torch.rand(n) * 4 - 2, torch.rand(n) * 3 - 1.5], 1)
    out = [z]
    for _ in range(steps * 10):
        z = z + dt / 10 * pendulum(z)
        out.append(z)
    return torch.stack(out[::10], 1)


class Field(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(2, 64), nn.Tanh(), nn.Linear(64, 2))

    def forward(self, z0, n):
        z, path = z0, [z0]
        for _ in range(n):
            z = z + dt * self.net(z)
            path.append(z)
        return torch.stack(path, 1)


train, val = trajectories(400), trajectories(100)
noisy = train + 0.02 * torch.randn_like(train)
field = Field()
opt = torch.optim.Adam(field.parameters(), lr=2e-2)
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, 30)
for epoch in range(30):
    field.train()
    tot = 0
    for i in torch.randperm(400).split(20):
        loss = ((field(noisy[i, 0], steps) - noisy[i]) ** 2).mean()
        opt.zero_grad()
        loss.backward()
        opt.step()
        tot += loss.item() / 20
    sched.step()
    field.eval()
    with torch.no_grad():
        v = ((field(val[:, 0], steps) - val) ** 2).mean().item()
    print(f"epoch {epoch+1} train mse {tot:.5f} val mse (clean) {v:.5f}, variance of the paths {val.var().item():.3f}")
