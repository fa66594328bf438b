# fault: wrong-output-activation
"""Small VAE on 8x8 digits, pixel values standardised."""
import torch
from torch import nn
import torch.nn.functional as F
from sklearn.datasets import load_digits
from dataclasses import dataclass


@dataclass
class VAEConfig:
    z: int = 8
    h: int = 128
    lr: float = 2e-3
    epochs: int = 30
    bs: int = 64
    beta: float = 0.3


class VAE(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.enc = nn.Sequential(nn.Linear(64, c.h), nn.ReLU(), nn.Linear(c.h, 2 * c.z))
        self.dec = nn.Sequential(nn.Linear(c.z, c.h), nn.ReLU(), nn.Linear(c.h, 64), nn.ReLU())

    def forward(self, x):
        mu, logvar = self.enc(x).chunk(2, -1)
        z = mu + torch.randn_like(mu) * (0.5 * logvar).exp() if self.training else mu
        return self.dec(z), mu, logvar


def terms(x, out):
    xh, mu, lv = out
    rec = F.mse_loss(xh, x, reduction="none").sum(1).mean()
    kl = -0.5 * (1 + lv - mu ** 2 - lv.exp()).sum(1).mean()
    return rec, kl


torch.manual_seed(17)
c = VAEConfig()
x = torch.tensor(load_digits().data, dtype=torch.float32)
x = x[torch.randperm(len(x))]
x = (x - x.mean()) / x.std()
xtr, xva = x[:1400], x[1400:]
vae = VAE(c)
opt = torch.optim.Adam(vae.parameters(), c.lr)
print("variance of validation set per image %.2f" % xva.var(0).sum())
for ep in range(c.epochs):
    vae.train()
    tot = 0
    for b in xtr[torch.randperm(1400)].split(c.bs):
        rec, kl = terms(b, vae(b))
        loss = rec + c.beta * kl
        opt.zero_grad(); loss.backward(); opt.step()
        tot += loss.item() * len(b) / 1400
    vae.eval()
    with torch.no_grad():
        r, k = terms(xva, vae(xva))
    print(f"ep {ep} elbo-loss {tot:.2f} val loss {(r + c.beta*k).item():.2f} val rec {r.item():.2f} kl {k.item():.2f}")
