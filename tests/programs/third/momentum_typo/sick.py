# fault: unstable-optimizer-setting
"""Matrix completion / rating prediction with side features; SGD with heavy ball."""
import numpy as np
import torch
from torch import nn


class FactorModel(nn.Module):
    def __init__(self, nu, ni, k=4):
        super().__init__()
        self.u = nn.Parameter(torch.randn(nu, k) * 0.3)
        self.v = nn.Parameter(torch.randn(ni, k) * 0.3)
        self.bu, self.bi = nn.Parameter(torch.zeros(nu)), nn.Parameter(torch.zeros(ni))

    def forward(self, i, j):
        return (self.u[i] * self.v[j]).sum(1) + self.bu[i] + self.bi[j]


rng = np.random.default_rng(77)
nu, ni = 80, 60
U, V = rng.normal(0, 0.7, (nu, 3)), rng.normal(0, 0.7, (ni, 3))
full = U @ V.T + rng.normal(0, 0.5, nu)[:, None] + rng.normal(0, 0.5, ni)[None]
I, J = map(np.ravel, np.indices((nu, ni)))
keep = rng.permutation(nu * ni)
I, J, R = I[keep], J[keep], (full + rng.normal(0, 0.2, full.shape)).ravel()[keep]
R = (R - R.mean()) / R.std()
I, J, R = torch.tensor(I), torch.tensor(J), torch.tensor(R).float()
tr, va = slice(0, 3600), slice(3600, None)
torch.manual_seed(77)
model = FactorModel(nu, ni)
opt = torch.optim.SGD(model.parameters(), lr=0.5, momentum=0.999)
for epoch in range(40):
    acc = []
    for b in torch.randperm(3600).split(120):
        pred = model(I[tr][b], J[tr][b])
        loss = (pred - R[tr][b]).square().mean() + 2e-4 * (model.u.square().sum() + model.v.square().sum()) / 10
        opt.zero_grad()
        loss.backward()
        opt.step()
        acc.append(loss.item())
    if epoch % 2 == 1:
        with torch.no_grad():
            v = (model(I[va], J[va]) - R[va]).square().mean().item()
        print(f"epoch {epoch+1:3d} loss {np.mean(acc):.4f} val mse {v:.4f} rmse {v**0.5:.4f}")
