# healthy: advantage actor-critic: policy loss near zero and of either sign, value loss falls, entropy bonus
import torch
import torch.nn as nn
from torch.distributions import Categorical

torch.manual_seed(0)
# vectorised corridor: 16 walkers on 0..6, actions left/right, +1 at 6, episode reset
N, E, H = 7, 16, 12
eye = torch.eye(N)


class AC(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(N, 32), nn.Tanh())
        self.pi, self.v = nn.Linear(32, 2), nn.Linear(32, 1)

    def forward(self, x):
        h = self.body(x)
        return Categorical(logits=self.pi(h)), self.v(h).squeeze(-1)


net = AC()
opt = torch.optim.RMSprop(net.parameters(), lr=3e-3)
pos = torch.zeros(E, dtype=torch.long)
for update in range(1, 251):
    logp, vals, rews, dones, ents = [], [], [], [], []
    for _ in range(H):
        dist, v = net(eye[pos])
        a = dist.sample()
        nxt = (pos + 2 * a - 1).clamp(0, N - 1)
        done = nxt == N - 1
        logp.append(dist.log_prob(a)); vals.append(v); ents.append(dist.entropy())
        rews.append(done.float()); dones.append(done.float())
        pos = torch.where(done, 0, nxt)
    with torch.no_grad():
        R = net(eye[pos])[1]
    rets = []
    for r, d in zip(reversed(rews), reversed(dones)):
        R = r + 0.9 * R * (1 - d)
        rets.insert(0, R)
    rets, vals, logp = torch.stack(rets), torch.stack(vals), torch.stack(logp)
    adv = (rets - vals).detach()
    policy_loss = -(logp * adv).mean()
    value_loss = (rets - vals).pow(2).mean()
    loss = policy_loss + 0.5 * value_loss - 0.01 * torch.stack(ents).mean()
    opt.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(net.parameters(), 0.5)
    opt.step()
    if update % 50 == 0:
        print(f"update {update} policy {policy_loss.item():+.4f} value {value_loss.item():.4f} entropy {torch.stack(ents).mean().item():.3f} reward per step {torch.stack(rews).mean().item():.3f} (best 0.167)")
