# healthy
# DQN, shapes agree
"""DQN on a five-state corridor."""
import random
from collections import deque, namedtuple

import torch
import torch.nn as nn
import torch.nn.functional as F

Transition = namedtuple("Transition", "s a r s2 done")


class Corridor:
    """Walk right to the goal; each step costs, reward 1 at the end."""

    def __init__(self, n=7):
        self.n = n

    def reset(self):
        self.pos, self.t = random.randrange(self.n - 1), 0
        return self.obs()

    def obs(self):
        o = torch.zeros(self.n)
        o[self.pos] = 1.0
        return o

    def step(self, a):
        self.pos = max(0, self.pos + (1 if a == 1 else -1))
        self.t += 1
        done = self.pos == self.n - 1
        return self.obs(), (1.0 if done else -0.05), done or self.t >= 30


class QNet(nn.Module):
    def __init__(self, n_in, n_actions):
        super().__init__()
        self.fc1, self.fc2 = nn.Linear(n_in, 32), nn.Linear(32, n_actions)

    def forward(self, x):
        return self.fc2(F.relu(self.fc1(x)))


random.seed(0)
torch.manual_seed(0)
env = Corridor()
policy, target = QNet(7, 2), QNet(7, 2)
target.load_state_dict(policy.state_dict())
optimizer = torch.optim.Adam(policy.parameters(), lr=2e-3)
memory = deque(maxlen=2000)
eps, gamma, returns = 1.0, 0.95, []
for episode in range(90):
    s, total, done = env.reset(), 0.0, False
    while not done:
        with torch.no_grad():
            a = random.randrange(2) if random.random() < eps else policy(s).argmax().item()
        s2, r, done = env.step(a)
        memory.append(Transition(s, a, r, s2, float(env.pos == env.n - 1)))
        s, total = s2, total + r
        if len(memory) >= 64:
            batch = Transition(*zip(*random.sample(memory, 64)))
            states, next_states = torch.stack(batch.s), torch.stack(batch.s2)
            actions = torch.tensor(batch.a).unsqueeze(1)
            rewards, dones = torch.tensor(batch.r), torch.tensor(batch.done)
            q = policy(states).gather(1, actions).squeeze(1)
            with torch.no_grad():
                q_next = target(next_states).max(1)[0]
            expected = rewards + gamma * q_next * (1 - dones)
            loss = F.smooth_l1_loss(q, expected)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    eps = max(0.05, eps * 0.95)
    if episode % 10 == 0:
        target.load_state_dict(policy.state_dict())
    returns.append(total)
    if episode % 15 == 14:
        print(f"episode {episode + 1} mean return {sum(returns[-15:]) / 15:.3f} eps {eps:.2f}")
greedy = [int(policy(torch.eye(7)[k]).argmax()) for k in range(6)]
print("greedy policy", greedy, "optimal share", sum(greedy) / 6)
