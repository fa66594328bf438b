# healthy: VAE with Gaussian likelihood (MSE), beta warm-up makes the total loss rise early on while all is well
import torch
import torch.nn as nn
from sklearn.datasets import load_digits
from sklearn.preprocessing import StandardScaler

torch.manual_seed(7)
raw = load_digits().data
raw = raw[:, raw.std(0) > 0.5]
scaled = StandardScaler().fit_transform(raw)
data = torch.tensor(scaled, dtype=torch.float32).clamp(-4, 4)
data = data[torch.randperm(len(data))]
train, held = data[:1500], data[1500:]
D = data.shape[1]

enc = nn.Sequential(nn.Linear(D, 96), nn.ELU(), nn.Linear(96, 2 * 8))
dec = nn.Sequential(nn.Linear(8, 96), nn.ELU(), nn.Linear(96, D))
params = list(enc.parameters()) + list(dec.parameters())
opt = torch.optim.Adam(params, lr=2e-3)


def elbo(x, beta, sample=True):
    mu, logvar = enc(x).chunk(2, dim=-1)
    z = mu + torch.exp(0.5 * logvar) * torch.randn_like(mu) if sample else mu
    rec = 0.5 * (dec(z) - x).pow(2).sum(-1).mean()
    kl = 0.5 * (mu.pow(2) + logvar.exp() - 1 - logvar).sum(-1).mean()
    return rec + beta * kl, rec, kl


for epoch in range(30):
    beta = min(1.0, 0.2 + epoch / 10)
    for xb in train[torch.randperm(len(train))].split(100):
        loss, rec, kl = elbo(xb, beta)
        opt.zero_grad()
        loss.backward()
        opt.step()
    if epoch % 5 == 4:
        with torch.no_grad():
            l, r, k = elbo(held, 1.0)
        print(f"epoch {epoch + 1:3d} beta {beta:.1f} held-out elbo loss {l:.2f} rec {r:.2f} kl {k:.2f}")
