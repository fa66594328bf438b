# healthy
"""Contextual bandit with a softmax policy (REINFORCE with batch baseline and a small entropy bonus)."""
import torch
from torch import nn
from torch.distributions import Categorical


class Env:
    def __init__(self, d=5, k=4, seed=0):
        g = torch.Generator().manual_seed(seed)
        self.w = torch.randn(d, k, generator=g)
        self.d, self.k = d, k

    def reset(self, n):
        self.ctx = torch.randn(n, self.d)
        return self.ctx

    def mean_reward(self, ctx, a):
        return torch.tanh((ctx @ self.w).gather(1, a[:, None])[:, 0])

    def step(self, a):
        return self.mean_reward(self.ctx, a) + 0.1 * torch.randn(len(a))


class Policy(nn.Module):
    def __init__(self, d, k):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(d, 32), nn.ReLU(), nn.Linear(32, k))

    def forward(self, s):
        return Categorical(logits=self.net(s))


torch.manual_seed(0)
env = Env()
pi = Policy(env.d, env.k)
optimizer = torch.optim.Adam(pi.parameters(), lr=5e-3)
eval_ctx = torch.randn(2000, env.d)
best = torch.tanh(eval_ctx @ env.w).amax(1).mean().item()
for it in range(1, 801):
    s = env.reset(128)
    dist = pi(s)
    a = dist.sample()
    r = env.step(a)
    adv = (r - r.mean()) / (r.std() + 1e-8)
    objective = (dist.log_prob(a) * adv).mean() + 0.001 * dist.entropy().mean()
    loss = -objective
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if it % 50 == 0:
        with torch.no_grad():
            greedy = pi(eval_ctx).probs.argmax(1)
            print(f"iter {it} loss {loss.item():+.4f} train reward {r.mean().item():+.3f} eval reward {env.mean_reward(eval_ctx, greedy).mean().item():+.3f} (oracle {best:.3f})")
