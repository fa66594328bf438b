# healthy
"""Fitted value iteration for a noisy double-well walker; the critic is regressed on Monte-Carlo returns."""
import math

import torch


class Critic(torch.nn.Module):
    def __init__(self, obs=3, width=64):
        super().__init__()
        self.trunk = torch.nn.Sequential(torch.nn.Linear(obs, width), torch.nn.Tanh(), torch.nn.Linear(width, width), torch.nn.Tanh())
        self.value = torch.nn.Linear(width, 1)

    def forward(self, s):
        return self.value(self.trunk(s))


def rollouts(n, horizon=15, gamma=.9, gen=None):
    """states (position, velocity, wind) and discounted returns"""
    s = torch.randn(n, 3, generator=gen)
    x, v, w = s.clone().unbind(1)
    ret, disc = torch.zeros(n), 1.
    for _ in range(horizon):
        v = .8 * v + .2 * (x - x ** 3 + .5 * w) + .02 * torch.randn(n, generator=gen)
        x = (x + .3 * v).clamp(-3, 3)
        ret = ret + disc * (1 - x) * x.abs()
        disc *= gamma
    return s, ret


def huber(pred, target, delta=1.0):
    err = pred - target
    small = err.abs() <= delta
    return torch.where(small, .5 * err ** 2, delta * (err.abs() - .5 * delta)).mean()


gen = torch.Generator().manual_seed(4)
torch.manual_seed(4)
S, R = rollouts(6000, gen=gen)
St, Rt = rollouts(1500, gen=gen)
mu, sd = R.mean(), R.std()
R, Rt = (R - mu) / sd, (Rt - mu) / sd
critic = Critic()
opt = torch.optim.Adam(critic.parameters(), 3e-3)
iters, batch = 1500, 96
sch = torch.optim.lr_scheduler.LambdaLR(opt, lambda k: .5 * (1 + math.cos(math.pi * k / iters)) + 1e-3)
for it in range(iters):
    j = torch.randint(0, len(S), (batch,), generator=gen)
    loss = huber(critic(S[j]).squeeze(-1), R[j])
    opt.zero_grad()
    loss.backward()
    opt.step()
    sch.step()
    if it % 250 == 249:
        with torch.no_grad():
            v = critic(St).squeeze(-1)
        print(f'it {it + 1} huber {loss.item():.4f}  test explained variance {1 - ((v - Rt) ** 2).mean().item() / Rt.var().item():.4f}')
