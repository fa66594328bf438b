# healthy
"""Sharpness-aware minimisation: two forward-backward passes for each weight update."""
import torch
from torch import nn
from sklearn.datasets import load_digits


class SAM(torch.optim.Optimizer):
    def __init__(self, params, base, rho=0.05, **kw):
        super().__init__(params, dict(rho=rho, **kw))
        self.base = base(self.param_groups, **kw)
        self.param_groups = self.base.param_groups

    @torch.no_grad()
    def ascend(self):
        norm = torch.norm(torch.stack([p.grad.norm() for g in self.param_groups for p in g["params"]]))
        for g in self.param_groups:
            for p in g["params"]:
                e = p.grad * (g["rho"] / (norm + 1e-12))
                p.add_(e)
                self.state[p]["e"] = e
        self.zero_grad()

    @torch.no_grad()
    def descend(self):
        for g in self.param_groups:
            for p in g["params"]:
                p.sub_(self.state[p]["e"])
        self.base.step()
        self.zero_grad()


torch.manual_seed(0)
d = load_digits()
X = torch.tensor(d.data, dtype=torch.float32) / 16
y = torch.tensor(d.target)
perm = torch.randperm(len(y))
tr, te = perm[:1400], perm[1400:]
model = nn.Sequential(nn.Linear(64, 100), nn.ReLU(), nn.Linear(100, 100), nn.ReLU(), nn.Linear(100, 10))
opt = SAM(model.parameters(), torch.optim.SGD, rho=0.05, lr=0.05, momentum=0.9, weight_decay=1e-3)
ce = nn.CrossEntropyLoss()
for epoch in range(25):
    model.train()
    if epoch == 18:
        for g in opt.param_groups:
            g["lr"] = 0.01
    tot = 0
    for idx in tr[torch.randperm(1400)].split(50):
        loss = ce(model(X[idx]), y[idx])
        loss.backward()
        opt.ascend()
        ce(model(X[idx]), y[idx]).backward()
        opt.descend()
        tot += loss.item() / 28
    model.eval()
    with torch.no_grad():
        o = model(X[te])
        print(f"{epoch} train {tot:.4f} test {ce(o, y[te]).item():.4f} acc {(o.argmax(1) == y[te]).float().mean().item():.4f}")
