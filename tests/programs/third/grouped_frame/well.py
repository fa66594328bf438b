# healthy
"""Node features from a transport network, many users; DataFrame grouped by user for a later join."""
import numpy as np
import pandas as pd
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

g = np.random.default_rng(191)
n, users = 4000, 40
df = pd.DataFrame(g.normal(size=(n, 6)), columns=list("abcdef"))
df["user"] = g.integers(0, users, n)
pref = g.normal(0, 1.5, users)
z = 1.3 * df.a - df.b + df.c * df.d + pref[df.user] + 0.4 * g.normal(size=n)
df["y"] = np.digitize(z, [-1.5, 0.0, 1.5])
valid = df.sample(frac=0.2, random_state=0)
train = df.drop(valid.index).sort_values(["y", "user"])


def to_ds(d):
    return TensorDataset(torch.tensor(d[list("abcdef")].values, dtype=torch.float32), torch.tensor(d.user.values), torch.tensor(d.y.values))


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.emb = nn.Embedding(users, 4)
        self.mlp = nn.Sequential(nn.Linear(10, 48), nn.ReLU(), nn.Linear(48, 4))

    def forward(self, x, u):
        return self.mlp(torch.cat([x, self.emb(u)], 1))


params = dict(batch_size=64, drop_last=False)
train_dl = DataLoader(to_ds(train), shuffle=True, **params)
xv, uv, yv = to_ds(valid).tensors
torch.manual_seed(191)
net = Net()
opt = torch.optim.Adam(net.parameters(), lr=3e-3, weight_decay=1e-4)
ce = nn.CrossEntropyLoss()
for ep in range(25):
    s = 0
    for x, u, y in train_dl:
        loss = ce(net(x, u), y)
        opt.zero_grad()
        loss.backward()
        opt.step()
        s += loss.item() / len(train_dl)
    with torch.no_grad():
        o = net(xv, uv)
        print(f"epoch {ep} train {s:.4f} valid {ce(o, yv).item():.4f} acc {(o.argmax(1) == yv).float().mean().item():.4f}")
