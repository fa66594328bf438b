# healthy: REINFORCE: the "loss" is noisy, can be negative and need not fall; returns rise
import random
from collections import deque

import torch
import torch.nn as nn
from torch.distributions import Categorical

random.seed(0)
torch.manual_seed(0)


class Grid:
    """5x5, start at a random cell of the left column, goal in the lower right corner."""
    moves = [(0, 1), (0, -1), (1, 0), (-1, 0)]

    def reset(self):
        self.r, self.c, self.t = random.randrange(5), 0, 0
        return self.obs()

    def obs(self):
        o = torch.zeros(25)
        o[self.r * 5 + self.c] = 1.0
        return o

    def step(self, a):
        dr, dc = self.moves[a]
        self.r, self.c = min(4, max(0, self.r + dr)), min(4, max(0, self.c + dc))
        self.t += 1
        done = (self.r, self.c) == (4, 4)
        return self.obs(), (1.0 if done else -0.05), done or self.t >= 30


policy = nn.Sequential(nn.Linear(25, 32), nn.Tanh(), nn.Linear(32, 4))
optimizer = torch.optim.Adam(policy.parameters(), lr=1e-2)
env, recent, baseline = Grid(), deque(maxlen=50), 0.0
for episode in range(1, 401):
    obs, done, log_probs, rewards = env.reset(), False, [], []
    while not done:
        dist = Categorical(logits=policy(obs))
        action = dist.sample()
        log_probs.append(dist.log_prob(action))
        obs, r, done = env.step(action.item())
        rewards.append(r)
    G, returns = 0.0, []
    for r in reversed(rewards):
        G = r + 0.97 * G
        returns.insert(0, G)
    returns = torch.tensor(returns)
    baseline = 0.95 * baseline + 0.05 * returns.mean().item()
    loss = -(torch.stack(log_probs) * (returns - baseline)).sum()
    optimizer.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(policy.parameters(), 1.0)
    optimizer.step()
    recent.append(sum(rewards))
    if episode % 50 == 0:
        print(f"Episode {episode}\tlast loss {loss.item():.3f}\tmean return (50) {sum(recent) / len(recent):.3f}")
