# healthy
"""Advantage actor-critic on a small stochastic corridor; returns are noisy, the policy becomes optimal."""
import random

import torch
import torch.nn as nn
import torch.nn.functional as F

random.seed(3)
torch.manual_seed(3)
N = 6


def rollout(net):
    pos, logs, values, rewards, ents = 0, [], [], [], []
    for _ in range(25):
        s = F.one_hot(torch.tensor(pos), N).float()
        logits, v = net(s)
        dist = torch.distributions.Categorical(logits=logits)
        a = dist.sample()
        step = 1 if a.item() == 1 else -1
        if random.random() < 0.1:
            step = -step
        pos = max(0, pos + step)
        done = pos == N - 1
        logs.append(dist.log_prob(a)); values.append(v); ents.append(dist.entropy())
        rewards.append(1.0 if done else -0.04)
        if done:
            break
    return torch.stack(logs), torch.stack(values), rewards, torch.stack(ents)


class ActorCritic(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Linear(N, 32)
        self.actor, self.critic = nn.Linear(32, 2), nn.Linear(32, 1)

    def forward(self, s):
        h = torch.tanh(self.body(s))
        return self.actor(h), self.critic(h).squeeze(-1)


net = ActorCritic()
opt = torch.optim.Adam(net.parameters(), lr=6e-3)
running = []
for episode in range(260):
    logp, val, rew, ent = rollout(net)
    R, returns = 0.0, []
    for r in reversed(rew):
        R = r + 0.97 * R
        returns.insert(0, R)
    ret = torch.tensor(returns)
    adv = ret - val.detach()
    loss = -(logp * adv).mean() + 0.5 * F.mse_loss(val, ret) - 0.01 * ent.mean()
    opt.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(net.parameters(), 2.0)
    opt.step()
    running.append(sum(rew))
    if episode % 52 == 51:
        print(f"episode {episode + 1} mean return {sum(running[-50:]) / 50:.3f}")
