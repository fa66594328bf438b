# fault: excessive-regularization
# hyperparameters copied from a table whose column was lambda * 1e4
import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import load_digits

CONFIG = dict(lr=2e-3, weight_decay=60.0, epochs=15, bs=64, seed=33)
torch.manual_seed(CONFIG["seed"])
X, y = load_digits(return_X_y=True)
X, y = torch.tensor(X).float().div(16).sub(0.3), torch.tensor(y)
perm = torch.randperm(len(X)); X, y = X[perm], y[perm]
net = nn.Sequential(nn.Linear(64, 128), nn.GELU(), nn.Linear(128, 128), nn.GELU(), nn.Linear(128, 10))
opt = torch.optim.AdamW(net.parameters(), lr=CONFIG["lr"], weight_decay=CONFIG["weight_decay"])
for ep in range(CONFIG["epochs"]):
    for ids in torch.randperm(1400).split(CONFIG["bs"]):
        loss = F.cross_entropy(net(X[ids]), y[ids])
        opt.zero_grad(set_to_none=True)
        loss.backward()
        opt.step()
    with torch.no_grad():
        lo = net(X[1400:])
        print(f"ep {ep} train {loss.item():.3f} val {F.cross_entropy(lo, y[1400:]).item():.3f} acc {(lo.argmax(1) == y[1400:]).float().mean().item():.3f}")
