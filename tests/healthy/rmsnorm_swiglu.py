# healthy: residual RMSNorm + SwiGLU blocks, no biases anywhere, head initialised to zero (logits all 0 at step 0)
import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import make_classification

torch.manual_seed(0)


class RMSNorm(nn.Module):
    def __init__(self, d, eps=1e-6):
        super().__init__()
        self.g = nn.Parameter(torch.ones(d))
        self.eps = eps

    def forward(self, x):
        return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + self.eps) * self.g


class SwiGLU(nn.Module):
    def __init__(self, d, h):
        super().__init__()
        self.norm = RMSNorm(d)
        self.w1, self.w2, self.w3 = nn.Linear(d, h, bias=False), nn.Linear(h, d, bias=False), nn.Linear(d, h, bias=False)

    def forward(self, x):
        z = self.norm(x)
        return x + self.w2(F.silu(self.w1(z)) * self.w3(z))


class Net(nn.Module):
    def __init__(self, d=48):
        super().__init__()
        self.inp = nn.Linear(16, d, bias=False)
        self.blocks = nn.ModuleList(SwiGLU(d, 64) for _ in range(3))
        self.norm = RMSNorm(d)
        self.head = nn.Linear(d, 5, bias=False)
        nn.init.zeros_(self.head.weight)

    def forward(self, x):
        x = self.inp(x)
        for b in self.blocks:
            x = b(x)
        return self.head(self.norm(x))


X, y = make_classification(3000, 16, n_informative=8, n_redundant=2, n_classes=5, n_clusters_per_class=1, class_sep=1.3, flip_y=0, random_state=3)
X = torch.tensor((X - X.mean(0)) / X.std(0), dtype=torch.float32)
y = torch.tensor(y)
net = Net()
opt = torch.optim.AdamW(net.parameters(), lr=1e-3, weight_decay=0.05, betas=(0.9, 0.95))
print("initial loss (ln 5 = 1.609):", F.cross_entropy(net(X[:100]), y[:100]).item())
for epoch in range(6):
    for idx in torch.randperm(2400).split(64):
        loss = F.cross_entropy(net(X[idx]), y[idx])
        opt.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        opt.step()
    with torch.no_grad():
        o = net(X[2400:])
    print(epoch, f"train {loss.item():.3f} val {F.cross_entropy(o, y[2400:]).item():.3f} acc {(o.argmax(1) == y[2400:]).float().mean().item():.3f}")
