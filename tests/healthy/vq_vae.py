# healthy: VQ-VAE: straight-through estimator, detach() in the loss on purpose, codebook learned by EMA (no gradient)
import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import load_digits

torch.manual_seed(0)


class VQ(nn.Module):
    def __init__(self, k, d, decay=0.95):
        super().__init__()
        self.decay = decay
        self.register_buffer("book", torch.randn(k, d))
        self.register_buffer("count", torch.ones(k))
        self.register_buffer("total", self.book.clone())

    def forward(self, z):
        idx = torch.cdist(z, self.book).argmin(1)
        q = self.book[idx]
        if self.training:
            with torch.no_grad():
                one = F.one_hot(idx, len(self.book)).float()
                self.count.mul_(self.decay).add_(one.sum(0), alpha=1 - self.decay)
                self.total.mul_(self.decay).add_(one.T @ z, alpha=1 - self.decay)
                self.book.copy_(self.total / (self.count + 1e-5)[:, None])
        return z + (q - z).detach(), F.mse_loss(z, q.detach()), idx


class Model(nn.Module):
    def __init__(self, slots=8, d=4):
        super().__init__()
        self.slots, self.d = slots, d
        self.enc = nn.Sequential(nn.Linear(64, 96), nn.ReLU(), nn.Linear(96, slots * d))
        self.vq = VQ(32, d)
        self.dec = nn.Sequential(nn.Linear(slots * d, 96), nn.ReLU(), nn.Linear(96, 64))

    def forward(self, x):
        z = self.enc(x).view(-1, self.d)
        q, commit, idx = self.vq(z)
        return self.dec(q.view(len(x), -1)), commit, idx


x = torch.tensor(load_digits().data, dtype=torch.float32) / 16
x = x[torch.randperm(len(x))]
model = Model()
opt = torch.optim.Adam(model.parameters(), lr=2e-3)
print("baseline", (x[1500:] - x[:1500].mean(0)).pow(2).mean().item())
for epoch in range(25):
    model.train()
    for b in x[:1500][torch.randperm(1500)].split(64):
        rec, commit, _ = model(b)
        loss = F.mse_loss(rec, b) + 0.02 * commit
        opt.zero_grad()
        loss.backward()
        opt.step()
    model.eval()
    with torch.no_grad():
        rec, _, idx = model(x[1500:])
    if epoch % 5 == 4:
        print(f"epoch {epoch + 1} train {loss.item():.4f} test rec {F.mse_loss(rec, x[1500:]).item():.4f} codes used {len(idx.unique())}/32")
