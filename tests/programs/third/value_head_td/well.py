# healthy
"""Fitted value iteration on a continuous corridor: learn V(s) by regression on bootstrapped returns."""
import torch
from torch import nn
import torch.nn.functional as F

torch.manual_seed(19)
GAMMA = 0.9


def step(s):
    """policy: drift right with noise; reward depends on location"""
    nxt = (s + 0.15 + 0.2 * torch.randn_like(s)).clamp(-2, 2)
    rew = torch.sin(3 * s[:, 0]) - 0.3 * s[:, 1] ** 2 + 0.3
    nxt = torch.where(torch.rand(len(s), 1) < 0.2, torch.rand_like(s) * 4 - 2, nxt)
    return nxt, rew


class Critic(nn.Module):
    def __init__(self):
        super().__init__()
        self.f = nn.Sequential(nn.Linear(2, 64), nn.Tanh(), nn.Linear(64, 64), nn.Tanh(), nn.Linear(64, 1))

    def forward(self, s):
        return self.f(s)


def rollout(s, T=60, m=8):
    s = s.repeat_interleave(m, 0)
    ret, g = torch.zeros(len(s)), 1.0
    for _ in range(T):
        n, r = step(s)
        ret += g * r
        g *= GAMMA
        s = n
    return ret.view(-1, m).mean(1)


S = torch.rand(2700, 2) * 4 - 2
G = rollout(S)
mu, sd = G[:2400].mean(), G[:2400].std()
G = (G - mu) / sd
critic = Critic()
opt = torch.optim.Adam(critic.parameters(), lr=3e-3)
for it in range(1, 61):
    tot = 0.
    for j in torch.randperm(2400).split(100):
        v = critic(S[j]).view(-1)
        adv = G[j] - v
        loss = 0.5 * adv.pow(2).mean()
        opt.zero_grad()
        loss.backward()
        opt.step()
        tot += loss.item() / 24
    with torch.no_grad():
        v = critic(S[2400:]).flatten()
        mse = F.mse_loss(v, G[2400:]).item()
    print(f"iter {it:3d}  critic loss {tot:.4f}  held-out loss {0.5*mse:.4f}  explained variance {1 - mse/G[2400:].var().item():.3f}")
