# healthy: skip-gram with negative sampling: sparse embedding gradients, SparseAdam, output table initialised at zero
import random
import torch
import torch.nn as nn
import torch.nn.functional as F

random.seed(0)
torch.manual_seed(0)
groups = [[f"{g}{i}" for i in range(12)] for g in ("fruit", "tool", "city", "bird", "colour")]
words = [w for g in groups for w in g]
wid = {w: i for i, w in enumerate(words)}
pairs = []
for _ in range(1500):
    g = random.choice(groups)
    sent = [random.choice(g) if random.random() < 0.9 else random.choice(words) for _ in range(6)]
    for i in range(6):
        for j in (i - 1, i + 1):
            if 0 <= j < 6:
                pairs.append((wid[sent[i]], wid[sent[j]]))
pairs = torch.tensor(pairs)


class SkipGram(nn.Module):
    def __init__(self, v, d=16):
        super().__init__()
        self.inp = nn.Embedding(v, d, sparse=True)
        self.out = nn.Embedding(v, d, sparse=True)
        nn.init.uniform_(self.inp.weight, -0.5 / d, 0.5 / d)
        nn.init.zeros_(self.out.weight)

    def forward(self, c, pos, neg):
        e = self.inp(c)
        p = (e * self.out(pos)).sum(-1)
        n = torch.bmm(self.out(neg), e.unsqueeze(-1)).squeeze(-1)
        return -(F.logsigmoid(p) + F.logsigmoid(-n).sum(-1)).mean()


model = SkipGram(len(words))
opt = torch.optim.SparseAdam(list(model.parameters()), lr=1e-2)


@torch.no_grad()
def neighbour_purity():
    e = F.normalize(model.inp.weight, dim=1)
    s = e @ e.T - 2 * torch.eye(len(words))
    top = s.topk(5, dim=1).indices
    return (top // 12 == (torch.arange(len(words)) // 12)[:, None]).float().mean().item()


for epoch in range(6):
    tot = n = 0
    for idx in torch.randperm(len(pairs)).split(128):
        c, p = pairs[idx].T
        loss = model(c, p, torch.randint(0, len(words), (len(idx), 5)))
        opt.zero_grad()
        loss.backward()
        opt.step()
        tot, n = tot + loss.item(), n + 1
    print(f"epoch {epoch} loss {tot / n:.4f} nearest-neighbour purity {neighbour_purity():.3f}")
