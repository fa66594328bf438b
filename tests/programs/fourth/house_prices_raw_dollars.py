# fault: unscaled-targets
"""House price notebook, cell by cell. Target is SalePrice in dollars."""
# %%
import numpy as np
import torch
import torch.nn as nn
from sklearn.preprocessing import StandardScaler

rng = np.random.default_rng(7)
N = 1460
area = rng.normal(1500, 450, N).clip(400)
qual = rng.integers(1, 11, N)
year = rng.integers(1900, 2010, N)
garage = rng.integers(0, 4, N)
price = 55 * area + 14_000 * qual + 350 * (year - 1900) + 9_000 * garage * (qual > 5) + rng.normal(0, 12_000, N)
X = np.stack([area, qual, year, garage], 1)
# %%
split = int(N * 0.8)
sc = StandardScaler().fit(X[:split])
Xtr = torch.tensor(sc.transform(X[:split]), dtype=torch.float32)
Xva = torch.tensor(sc.transform(X[split:]), dtype=torch.float32)
ytr = torch.tensor(price[:split], dtype=torch.float32).unsqueeze(1)
yva = torch.tensor(price[split:], dtype=torch.float32).unsqueeze(1)
# TARGETS
# %%
torch.manual_seed(0)
net = nn.Sequential(nn.Linear(4, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 1))
optimizer = torch.optim.Adam(net.parameters(), lr=1e-3)
loss_fn = nn.MSELoss()
BS = 64
# %%
for ep in range(40):
    perm = torch.randperm(split)
    net.train()
    tot = 0
    for i in range(0, split, BS):
        j = perm[i : i + BS]
        optimizer.zero_grad()
        pred = net(Xtr[j])
        loss = loss_fn(pred, ytr[j])
        loss.backward()
        optimizer.step()
        tot += loss.item()
    net.eval()
    with torch.no_grad():
        pv = net(Xva)
        val = loss_fn(pv, yva)
        r2 = 1 - val / yva.var()
    if ep % 5 == 4:
        print(f"Epoch {ep+1}: train MSE {tot/(split/BS):.4g}  val MSE {val.item():.4g}  R2 {r2.item():.3f}")
