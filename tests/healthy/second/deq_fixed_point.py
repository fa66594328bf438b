# healthy
"""Deep equilibrium layer: the forward iteration runs without graph, one Jacobian-free step carries the gradient."""
import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import load_digits

torch.manual_seed(2)


class DEQ(nn.Module):
    def __init__(self, d_in=64, d=64):
        super().__init__()
        self.inject = nn.Linear(d_in, d)
        self.W = nn.Parameter(torch.randn(d, d) / d ** 0.5 * 0.4)
        self.head = nn.Linear(d, 10)

    def cell(self, z, ux):
        return torch.tanh(z @ self.W.T + ux)

    def forward(self, x):
        ux = self.inject(x)
        with torch.no_grad():
            z = torch.zeros_like(ux)
            for _ in range(30):
                nz = self.cell(z, ux)
                if (nz - z).norm() < 1e-4 * (1 + nz.norm()):
                    break
                z = nz
        z = self.cell(z, ux)        # attach to the graph once (JFB)
        return self.head(z)


d = load_digits()
X = (torch.tensor(d.data, dtype=torch.float32) - 4.9) / 6.0
y = torch.tensor(d.target)
p = torch.randperm(len(y))
tr, te = p[:1400], p[1400:]
net = DEQ()
opt = torch.optim.AdamW(net.parameters(), lr=2e-3, weight_decay=0.1)
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, 20)
for epoch in range(20):
    net.train()
    run = 0
    for b in tr[torch.randperm(1400)].split(50):
        loss = F.cross_entropy(net(X[b]), y[b], label_smoothing=0.05)
        opt.zero_grad()
        loss.backward()
        opt.step()
        run += loss.item() / 28
    sched.step()
    net.eval()
    with torch.no_grad():
        o = net(X[te])
        print(f"epoch {epoch} train {run:.3f} test {F.cross_entropy(o, y[te], label_smoothing=0.05).item():.3f} acc {(o.argmax(1)==y[te]).float().mean().item():.3f}")
