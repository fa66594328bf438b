# healthy
# Skip-gram with negative sampling, sparse embedding gradients and SparseAdam. Corpus: a Markov chain over themed words.
import numpy as np, torch, torch.nn as nn, torch.nn.functional as F
rng = np.random.default_rng(0); torch.manual_seed(0)
THEMES, PER = 8, 15; V = THEMES * PER
theme, words = 0, []
for _ in range(30000):
    if rng.random() < 0.1: theme = int(rng.integers(0, THEMES))
    words.append(theme * PER + int(min(PER - 1, rng.exponential(5))))
words = np.array(words)
split = 27000
def pairs(w): return np.concatenate([np.stack([w[:-k], w[k:]], 1) for k in (1, 2)] + [np.stack([w[k:], w[:-k]], 1) for k in (1, 2)])
P, H = torch.tensor(pairs(words[:split])), torch.tensor(pairs(words[split:]))
counts = torch.bincount(torch.tensor(words[:split]), minlength=V).float() ** 0.75
class SGNS(nn.Module):
    def __init__(self, d=16):
        super().__init__()
        self.i, self.o = nn.Embedding(V, d, sparse=True), nn.Embedding(V, d, sparse=True)
        nn.init.uniform_(self.i.weight, -0.3, 0.3); nn.init.uniform_(self.o.weight, -0.1, 0.1)
    def forward(self, c, w, neg):
        v = self.i(c)
        pos = (v * self.o(w)).sum(-1); n = torch.einsum("bd,bkd->bk", v, self.o(neg))
        return -(F.logsigmoid(pos) + F.logsigmoid(-n).sum(1)).mean()
net = SGNS(); opt = torch.optim.SparseAdam(list(net.parameters()), lr=5e-3)
negs = lambda n: torch.multinomial(counts, n * 4, replacement=True).view(n, 4)
hn = negs(len(H))
for ep in range(6):
    if ep == 4: opt.param_groups[0]["lr"] = 1e-3
    t = k = 0
    for b in torch.randperm(len(P)).split(512):
        loss = net(P[b, 0], P[b, 1], negs(len(b)))
        opt.zero_grad(); loss.backward(); opt.step(); t += loss.item(); k += 1
    with torch.no_grad():
        h = net(H[:, 0], H[:, 1], hn).item()
        e = F.normalize(net.i.weight, dim=1); s = e @ e.T; s.fill_diagonal_(-1)
        same = (torch.arange(V)[s.argmax(1)] // PER == torch.arange(V) // PER).float().mean().item()
    print(f"epoch {ep+1} sgns {t/k:.4f} held-out {h:.4f} nearest neighbour in the same theme {same:.3f}")
