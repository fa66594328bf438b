# healthy: PoissonNLLLoss with log_input: the loss goes negative, which is normal here
import numpy as np
import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset

rng = np.random.default_rng(0)
torch.manual_seed(0)
X = rng.standard_normal((6000, 5)).astype("float32")
rate = np.exp(1.0 + 0.6 * X[:, 0] - 0.4 * X[:, 1] + 0.3 * np.sin(3 * X[:, 2]))
counts = rng.poisson(rate).astype("float32")
X, counts, rate = map(torch.tensor, (X, counts, rate))
loader = DataLoader(TensorDataset(X[:5000], counts[:5000]), batch_size=64, shuffle=True)
net = nn.Sequential(nn.Linear(5, 32), nn.Tanh(), nn.Linear(32, 32), nn.Tanh(), nn.Linear(32, 1), nn.Flatten(0))
crit = nn.PoissonNLLLoss(log_input=True)
opt = torch.optim.Adam(net.parameters(), lr=3e-3, weight_decay=1e-4)
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, 10)
for epoch in range(10):
    tot = 0.0
    for xb, yb in loader:
        opt.zero_grad()
        loss = crit(net(xb), yb)
        loss.backward()
        opt.step()
        tot += loss.item() * len(xb) / 5000
    sched.step()
    with torch.no_grad():
        out = net(X[5000:])
        oracle = crit(rate[5000:].log().float(), counts[5000:])
    print(f"epoch {epoch} train {tot:.4f} val {crit(out, counts[5000:]).item():.4f} (oracle {oracle.item():.4f})")
