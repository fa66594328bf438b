# healthy
"""Maxout units and a hand-written Lookahead wrapper around SGD."""
import torch
from torch import nn
from sklearn.datasets import make_classification


class Maxout(nn.Module):
    def __init__(self, i, o, k=3):
        super().__init__()
        self.k, self.lin = k, nn.Linear(i, o * k)

    def forward(self, x):
        return self.lin(x).unflatten(-1, (-1, self.k)).amax(-1)


class Lookahead:
    def __init__(self, base, k=5, alpha=0.5):
        self.base, self.k, self.alpha, self.n = base, k, alpha, 0
        self.slow = [[p.detach().clone() for p in g["params"]] for g in base.param_groups]

    def zero_grad(self):
        self.base.zero_grad()

    @torch.no_grad()
    def step(self):
        self.base.step()
        self.n += 1
        if self.n % self.k == 0:
            for g, s in zip(self.base.param_groups, self.slow):
                for p, q in zip(g["params"], s):
                    q += self.alpha * (p - q)
                    p.copy_(q)


torch.manual_seed(0)
X, y = make_classification(7000, 18, n_informative=10, n_redundant=2, n_classes=4, n_clusters_per_class=1, class_sep=1.3, flip_y=0.01, random_state=3)
X = torch.tensor((X - X.mean(0)) / X.std(0), dtype=torch.float32)
y = torch.tensor(y)
net = nn.Sequential(Maxout(18, 32), nn.Dropout(0.15), Maxout(32, 24), nn.Linear(24, 4))
sgd = torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.9, weight_decay=1e-3)
opt = Lookahead(sgd)
sched = torch.optim.lr_scheduler.MultiStepLR(sgd, [9, 13], 0.2)
for ep in range(16):
    net.train()
    t = 0
    for i in torch.randperm(5600).split(64):
        opt.zero_grad()
        loss = nn.functional.cross_entropy(net(X[i]), y[i])
        loss.backward()
        opt.step()
        t += loss.item() * len(i) / 5600
    sched.step()
    net.eval()
    with torch.no_grad():
        o = net(X[5600:])
        print(f"epoch {ep} train {t:.3f} val {nn.functional.cross_entropy(o, y[5600:]).item():.3f} acc {(o.argmax(1) == y[5600:]).float().mean().item():.3f}")
