# healthy
"""REINFORCE with a value baseline on a batch of small grid worlds. The policy loss has no meaning as a number; the return does."""
import torch
import torch.nn as nn

torch.manual_seed(0)
SIZE, HORIZON, GAMMA = 5, 14, 0.95
MOVES = torch.tensor([[0, 1], [0, -1], [1, 0], [-1, 0]])


class Worlds:
    def __init__(self, n):
        self.pos = torch.randint(0, SIZE, (n, 2))
        self.goal = torch.randint(0, SIZE, (n, 2))
        self.alive = (self.pos != self.goal).any(1)

    def observe(self):
        return torch.cat([self.pos, self.goal, self.goal - self.pos], 1).float() / (SIZE - 1)

    def step(self, a):
        was = self.alive.clone()
        self.pos = torch.where(was[:, None], (self.pos + MOVES[a]).clamp(0, SIZE - 1), self.pos)
        reached = was & (self.pos == self.goal).all(1)
        self.alive = was & ~reached
        return reached.float() - 0.02 * was.float(), was.float()


policy = nn.Sequential(nn.Linear(6, 48), nn.Tanh(), nn.Linear(48, 4))
value = nn.Sequential(nn.Linear(6, 48), nn.Tanh(), nn.Linear(48, 1))
opt_p = torch.optim.Adam(policy.parameters(), lr=5e-3)
opt_v = torch.optim.Adam(value.parameters(), lr=1e-2)


def rollout(n, greedy=False):
    w = Worlds(n)
    obs, logp, ent, rew, mask = [], [], [], [], []
    for _ in range(HORIZON):
        o = w.observe()
        dist = torch.distributions.Categorical(logits=policy(o))
        a = dist.probs.argmax(-1) if greedy else dist.sample()
        r, m = w.step(a)
        obs.append(o); logp.append(dist.log_prob(a)); ent.append(dist.entropy()); rew.append(r); mask.append(m)
    return torch.stack(obs), torch.stack(logp), torch.stack(ent), torch.stack(rew), torch.stack(mask), (~w.alive).float().mean().item()


for it in range(1, 241):
    obs, logp, ent, rew, mask, _ = rollout(48)
    ret, acc = torch.zeros_like(rew), torch.zeros(48)
    for t in reversed(range(HORIZON)):
        acc = rew[t] + GAMMA * acc
        ret[t] = acc
    v = value(obs).squeeze(-1)
    adv = (ret - v).detach()
    loss_p = -((logp * adv + 0.01 * ent) * mask).sum() / mask.sum()
    loss_v = ((v - ret) ** 2 * mask).sum() / mask.sum()
    opt_p.zero_grad(); loss_p.backward(); opt_p.step()
    opt_v.zero_grad(); loss_v.backward(); opt_v.step()
    if it % 20 == 0:
        with torch.no_grad():
            *_, success = rollout(400, greedy=True)
        print(f"iteration {it} return {(rew.sum(0)).mean().item():.3f} value mse {loss_v.item():.4f} greedy success {success:.3f}")
