# healthy
"""Autoencoder for yield-curve shapes: 20 tenors down to 3 factors."""
import numpy as np
import torch
from torch import nn

torch.manual_seed(2008)
rng = np.random.default_rng(2008)
tenor = np.array([.25, .5, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 15, 18, 20, 22, 25, 28, 30])


def nelson_siegel(n):
    b0 = rng.normal(3, 1, (n, 1))
    b1 = rng.normal(-1, 1.2, (n, 1))
    b2 = rng.normal(0, 1.5, (n, 1))
    lam = 2.0
    f = (1 - np.exp(-tenor / lam)) / (tenor / lam)
    curve = b0 + b1 * f + b2 * (f - np.exp(-tenor / lam))
    return curve + rng.normal(0, 0.05, curve.shape)


train, valid = nelson_siegel(2000), nelson_siegel(500)
mu, sd = train.mean(0), train.std(0)
train = torch.tensor((train - mu) / sd, dtype=torch.float32)
valid = torch.tensor((valid - mu) / sd, dtype=torch.float32)


class CurveAE(nn.Module):
    def __init__(self, n=20, h=24, k=3):
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(n, h), nn.ELU(), nn.Linear(h, k))
        self.decoder = nn.Sequential(nn.Linear(k, h), nn.ELU(), nn.Linear(h, n))

    def forward(self, c):
        return self.decoder(self.encoder(c))


ae = CurveAE()
mse = nn.MSELoss()
opt = torch.optim.RMSprop(ae.parameters(), lr=0.001)
for epoch in range(30):
    tot = 0.0
    for i in torch.randperm(2000).split(50):
        opt.zero_grad()
        loss = mse(ae(train[i]), train[i])
        loss.backward()
        opt.step()
        tot += loss.item() / 40
    with torch.no_grad():
        v = mse(ae(valid), valid).item()
    if epoch % 3 == 2:
        print(f"epoch {epoch + 1:2d} reconstruction mse {tot:.4f} valid {v:.4f}")
