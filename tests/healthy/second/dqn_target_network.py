# healthy
# DQN on a point-mass "reach the centre" task: replay buffer, epsilon-greedy, Polyak target network (no gradient by design)
import copy, torch, torch.nn as nn, torch.nn.functional as F
torch.manual_seed(0)
class Env:                       # 16 copies at once
    def __init__(self, n=16): self.n = n; self.reset(torch.ones(n, dtype=torch.bool))
    def reset(self, m):
        if not hasattr(self, "s"): self.s, self.t = torch.zeros(self.n, 2), torch.zeros(self.n)
        k = int(m.sum())
        self.s[m] = torch.stack([torch.rand(k) * 2 - 1, torch.rand(k) * .6 - .3], 1); self.t[m] = 0
    def step(self, a):
        x, v = self.s[:, 0], self.s[:, 1]
        v = (0.95 * v + 0.15 * (a.float() - 1)).clamp(-.6, .6); x = (x + 0.3 * v).clamp(-1.5, 1.5)
        s2 = torch.stack([x, v], 1); r = 1 - x.abs() - .3 * v.abs()
        self.t += 1; self.s = s2.clone(); done = self.t >= 30
        if done.any(): self.reset(done)
        return s2, r
def q_net(): return nn.Sequential(nn.Linear(2, 48), nn.ReLU(), nn.Linear(48, 48), nn.ReLU(), nn.Linear(48, 3))
q = q_net(); target = copy.deepcopy(q).requires_grad_(False)
opt = torch.optim.Adam(q.parameters(), lr=2e-3)
CAP = 20000; buf = [torch.zeros(CAP, 2), torch.zeros(CAP, dtype=torch.long), torch.zeros(CAP), torch.zeros(CAP, 2)]; fill = 0
env = Env(); gamma = 0.9
@torch.no_grad()
def test():
    g = torch.Generator().manual_seed(1)
    s = torch.stack([torch.rand(200, generator=g) * 2 - 1, torch.rand(200, generator=g) * .6 - .3], 1); e = Env(200); e.s = s; tot = 0
    for _ in range(29):
        s, r = e.step(q(e.s).argmax(1)); tot += r.mean().item()
    return tot / 29
td = 0
for it in range(1, 1501):
    s = env.s.clone(); eps = max(.05, 1 - it / 500)
    with torch.no_grad(): a = torch.where(torch.rand(16) < eps, torch.randint(0, 3, (16,)), q(s).argmax(1))
    s2, r = env.step(a)
    j = torch.arange(fill, fill + 16) % CAP; fill += 16
    for b, val in zip(buf, (s, a, r, s2)): b[j] = val
    if it > 60:
        i = torch.randint(0, min(fill, CAP), (64,)); S, A, R, S2 = (b[i] for b in buf)
        with torch.no_grad(): y = R * .1 + gamma * target(S2).gather(1, q(S2).argmax(1, keepdim=True))[:, 0]
        loss = F.smooth_l1_loss(q(S).gather(1, A[:, None])[:, 0], y)
        opt.zero_grad(); loss.backward(); opt.step(); td = .98 * td + .02 * loss.item()
        with torch.no_grad():
            for p, t in zip(q.parameters(), target.parameters()): t.lerp_(p, .02)
    if it == 1100: opt.param_groups[0]["lr"] = 3e-4
    if it % 125 == 0: print(f"{it} eps {eps:.2f} td {td:.5f} greedy reward per step {test():.4f}")
