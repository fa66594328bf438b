# healthy: factorised embedding (small table, then a linear projection, then another linear): a linear bottleneck on purpose
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

# Trigram-like language model over a small synthetic Markov language
rng = np.random.default_rng(0)
V = 60
T = rng.dirichlet(np.full(V, 0.05), size=V)
seq = [0]
for _ in range(12000):
    seq.append(rng.choice(V, p=T[seq[-1]]))
seq = torch.tensor(seq)
entropy = -(T * np.log(np.maximum(T, 1e-12))).sum(1)
print("entropy rate of the chain about %.3f nats" % entropy[seq[:-1].numpy()].mean())


class Factorised(nn.Module):
    def __init__(self, e=12, d=48):
        super().__init__()
        self.table = nn.Embedding(V, e)
        self.up = nn.Linear(e, d, bias=False)
        self.fc = nn.Linear(d, d)
        self.down = nn.Linear(d, 24, bias=False)
        self.out = nn.Linear(24, V)

    def forward(self, ids):
        return self.out(self.down(F.relu(self.fc(self.up(self.table(ids))))))


torch.manual_seed(0)
net = Factorised()
opt = torch.optim.Adam(net.parameters(), lr=4e-3)
x, y = seq[:-1], seq[1:]
xt, yt, xv, yv = x[:10000], y[:10000], x[10000:], y[10000:]
for epoch in range(9):
    run = 0
    for i in torch.randperm(10000).split(100):
        loss = F.cross_entropy(net(xt[i]), yt[i])
        opt.zero_grad()
        loss.backward()
        opt.step()
        run += loss.item() / 100
    with torch.no_grad():
        v = F.cross_entropy(net(xv), yv)
    print(f"epoch {epoch} train {run:.3f} val {v:.3f} ppl {v.exp():.2f}")
