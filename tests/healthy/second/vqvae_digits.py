# healthy
"""VQ-VAE: nearest-code quantisation with the straight-through estimator; EMA codebook updates (no gradient by design)."""
import torch
from torch import nn
from torch.nn import functional as F
from sklearn.datasets import load_digits

torch.manual_seed(0)


class VQ(nn.Module):
    def __init__(self, codes, dim, decay=0.97):
        super().__init__()
        e = torch.randn(codes, dim)
        self.register_buffer("book", e)
        self.register_buffer("size", torch.ones(codes))
        self.register_buffer("avg", e.clone())
        self.decay = decay

    def forward(self, z):
        d = (z[:, None] - self.book).square().sum(-1)
        idx = d.argmin(1)
        q = self.book[idx]
        if self.training:
            with torch.no_grad():
                one = F.one_hot(idx, len(self.book)).float()
                self.size.lerp_(one.sum(0), 1 - self.decay)
                self.avg.lerp_(one.T @ z, 1 - self.decay)
                self.book.copy_(self.avg / self.size.clamp(min=1e-2)[:, None])
        commit = F.mse_loss(z, q)
        return z + (q - z).detach(), commit, idx


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.enc = nn.Sequential(nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 8 * 4))
        self.vq = VQ(32, 4)
        self.dec = nn.Sequential(nn.Linear(8 * 4, 128), nn.ReLU(), nn.Linear(128, 64), nn.Sigmoid())

    def forward(self, x):
        z = self.enc(x).view(-1, 4)
        q, commit, idx = self.vq(z)
        return self.dec(q.view(len(x), -1)), commit, idx


X = torch.tensor(load_digits().data, dtype=torch.float32) / 16
X = X[torch.randperm(len(X))]
tr, te = X[:1500], X[1500:]
net = Model()
opt = torch.optim.Adam(net.parameters(), lr=2e-3)
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, 50)
for ep in range(50):
    net.train()
    t = 0
    for b in torch.randperm(1500).split(50):
        rec, commit, _ = net(tr[b])
        mse = F.mse_loss(rec, tr[b])
        loss = mse + 0.02 * commit
        opt.zero_grad()
        loss.backward()
        opt.step()
        t += mse.item() / 30
    sched.step()
    net.eval()
    with torch.no_grad():
        rec, commit, idx = net(te)
    if ep % 4 == 1:
        print(f"epoch {ep+1} mse {t:.4f} test {F.mse_loss(rec, te).item():.4f} (mean image {te.var(0, unbiased=False).mean().item():.4f}) codes used {idx.unique().numel()}")
