# fault: detached-parameters
# The actor of an actor-critic is trained through Q(s, a), but a is drawn with sample() instead of rsample().
import torch
from torch import nn
from torch.distributions import Normal


class Actor(nn.Module):
    def __init__(self):
        super().__init__()
        self.trunk = nn.Sequential(nn.Linear(4, 48), nn.ReLU(), nn.Linear(48, 48), nn.ReLU())
        self.mean = nn.Linear(48, 2)
        self.log_std = nn.Linear(48, 2)

    def forward(self, s):
        h = self.trunk(s)
        return Normal(self.mean(h), self.log_std(h).clamp(-4, 1).exp())


class Critic(nn.Module):
    def __init__(self):
        super().__init__()
        self.q = nn.Sequential(nn.Linear(6, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 1))

    def forward(self, s, a):
        return self.q(torch.cat([s, a], -1)).squeeze(-1)


torch.manual_seed(11)
A = torch.randn(2, 4) * 0.7


def reward(s, a):
    return 1.0 - ((a - torch.tanh(s @ A.T)) ** 2).sum(-1)


actor, critic = Actor(), Critic()
actor_opt = torch.optim.Adam(actor.parameters(), lr=1e-3)
critic_opt = torch.optim.Adam(critic.parameters(), lr=2e-3)
alpha = 0.01
for it in range(1500):
    s = torch.randn(64, 4)
    with torch.no_grad():
        a = actor(s).sample() if it > 200 else torch.rand(64, 2) * 3 - 1.5
        a = a + 0.2 * torch.randn_like(a)
        r = reward(s, a)
    critic_loss = nn.functional.smooth_l1_loss(critic(s, a), r)
    critic_opt.zero_grad()
    critic_loss.backward()
    critic_opt.step()

    dist = actor(s)
    action = dist.sample()
    actor_loss = -critic(s, action).mean()
    actor_opt.zero_grad()
    actor_loss.backward()
    actor_opt.step()
    if it % 250 == 249:
        with torch.no_grad():
            s = torch.randn(1000, 4)
            ret = reward(s, actor(s).mean).mean()
        print(f"iter {it + 1} critic {critic_loss.item():.4f} actor {actor_loss.item():.4f} eval reward {ret:.4f}")
