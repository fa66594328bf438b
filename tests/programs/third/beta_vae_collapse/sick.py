# fault: excessive-regularization
"""Convolution-free VAE on MNIST-1D signals."""
import torch
import torch.nn as nn
import torch.nn.functional as F
from mnist1d.data import make_dataset, get_dataset_args


class Encoder(nn.Module):
    def __init__(self, d, h, z):
        super().__init__()
        self.h = nn.Linear(d, h)
        self.mu, self.lv = nn.Linear(h, z), nn.Linear(h, z)

    def forward(self, x):
        h = F.softplus(self.h(x))
        return self.mu(h), self.lv(h)


class Decoder(nn.Module):
    def __init__(self, d, h, z):
        super().__init__()
        self.h, self.o = nn.Linear(z, h), nn.Linear(h, d)

    def forward(self, z):
        return self.o(F.softplus(self.h(z)))


def vae_loss(x, xr, mu, lv):
    recon = F.mse_loss(xr, x)
    kld = -0.5 * torch.sum(1 + lv - mu.pow(2) - lv.exp()) / len(x)
    return recon + 0.5 * kld


torch.manual_seed(64)
args = get_dataset_args()
d = make_dataset(args)
x = torch.tensor(d["x"], dtype=torch.float32)
xv = torch.tensor(d["x_test"], dtype=torch.float32)
m, s = x.mean(0), x.std(0)
x, xv = (x - m) / s, (xv - m) / s
enc, dec = Encoder(40, 128, 10), Decoder(40, 128, 10)
opt = torch.optim.Adam(list(enc.parameters()) + list(dec.parameters()), lr=2e-3)
for epoch in range(1, 21):
    tr = 0
    for b in x[torch.randperm(len(x))].split(100):
        mu, lv = enc(b)
        z = mu + torch.exp(0.5 * lv) * torch.randn_like(lv)
        loss = vae_loss(b, dec(z), mu, lv)
        opt.zero_grad()
        loss.backward()
        opt.step()
        tr += loss.item() * len(b) / len(x)
    with torch.no_grad():
        mu, lv = enc(xv)
        xr = dec(mu)
        print(f"====> Epoch: {epoch} train loss: {tr:.4f} test loss: {vae_loss(xv, xr, mu, lv).item():.4f} "
              f"test R2: {1 - F.mse_loss(xr, xv).item() / xv.var().item():.4f} latent std: {mu.std(0).mean().item():.4f}")
