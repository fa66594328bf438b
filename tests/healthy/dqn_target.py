# healthy: DQN on a chain: the target network never receives gradients, TD loss rises as values grow, then falls
import copy
import random

import torch
import torch.nn as nn
import torch.nn.functional as F

random.seed(0)
torch.manual_seed(0)
N = 8  # cells 0..7, reward 1 at the right end


class Chain:
    def reset(self):
        self.s, self.t = random.randrange(N // 2), 0
        return self.s

    def step(self, a):
        self.s = min(N - 1, max(0, self.s + (1 if a == 1 else -1)))
        self.t += 1
        win = self.s == N - 1
        return self.s, float(win), win, win or self.t >= 25


one_hot = torch.eye(N)
q = nn.Sequential(nn.Linear(N, 32), nn.ReLU(), nn.Linear(32, 2))
q_target = copy.deepcopy(q)
opt = torch.optim.Adam(q.parameters(), lr=3e-3)
buffer, gamma, step = [], 0.9, 0
env, losses, lengths = Chain(), [], []
for ep in range(1, 151):
    s, done = env.reset(), False
    eps = max(0.1, 1 - ep / 60)
    n = 0
    while not done:
        if random.random() < eps:
            a = random.randrange(2)
        else:
            with torch.no_grad():
                a = q(one_hot[s]).argmax().item()
        s2, r, term, done = env.step(a)
        buffer.append((s, a, r, s2, float(term)))
        s = s2
        n += 1
        step += 1
        if len(buffer) >= 64:
            bs, ba, br, bs2, bt = map(torch.tensor, zip(*random.sample(buffer, 32)))
            with torch.no_grad():
                target = br + gamma * (1 - bt) * q_target(one_hot[bs2]).max(1).values
            pred = q(one_hot[bs]).gather(1, ba[:, None]).squeeze(1)
            loss = F.smooth_l1_loss(pred, target)
            opt.zero_grad()
            loss.backward()
            opt.step()
            losses.append(loss.item())
            if step % 50 == 0:
                q_target.load_state_dict(q.state_dict())
    lengths.append(n)
    if ep % 25 == 0:
        print(f"episode {ep} eps {eps:.2f} steps to goal {sum(lengths[-25:]) / 25:.1f} td loss {sum(losses[-100:]) / 100:.5f}")
with torch.no_grad():
    print("greedy policy goes right everywhere:", bool((q(one_hot[:-1]).argmax(1) == 1).all()), "V:", [round(v, 2) for v in q(one_hot[:-1]).max(1).values.tolist()])
