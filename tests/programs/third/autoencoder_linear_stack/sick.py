# fault: missing-nonlinearity
"""Autoencoder for a curved manifold (swiss roll embedded in 12 dimensions), bottleneck of 2."""
import torch
from torch import nn
import numpy as np
from sklearn.datasets import make_s_curve
import functools


def dense(i, o, act=None):
    layers = [nn.Linear(i, o)]
    if act is not None:
        layers.append(act())
    return nn.Sequential(*layers)


hidden = functools.partial(dense)


class AE(nn.Module):
    def __init__(self, d, h=64, code=2):
        super().__init__()
        self.encoder = nn.Sequential(hidden(d, h), hidden(h, h), dense(h, code))
        self.decoder = nn.Sequential(hidden(code, h), hidden(h, h), dense(h, d))

    def forward(self, x):
        return self.decoder(self.encoder(x))


rng = np.random.default_rng(50)
pts, _ = make_s_curve(4000, noise=0.02, random_state=50)
lift = rng.normal(size=(3, 12))
data = pts @ lift
data = (data - data.mean(0)) / data.std(0)
data = torch.tensor(data, dtype=torch.float32)
train, valid = data[:3200], data[3200:]

torch.manual_seed(50)
ae = AE(12)
opt = torch.optim.AdamW(ae.parameters(), lr=2e-3)
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, 20, eta_min=1e-5)
for ep in range(20):
    s = 0
    for x in torch.utils.data.DataLoader(train, batch_size=80, shuffle=True):
        loss = nn.functional.mse_loss(ae(x), x)
        opt.zero_grad(set_to_none=True)
        loss.backward()
        opt.step()
        s += loss.item() / 40
    sched.step()
    with torch.no_grad():
        v = nn.functional.mse_loss(ae(valid), valid).item()
    print(f"epoch {ep:2d} recon {s:.5f} val {v:.5f} explained {100*(1-v):.2f}%")
