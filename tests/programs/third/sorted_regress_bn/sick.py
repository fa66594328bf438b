# fault: unshuffled-batches
import pandas as pd
import numpy as np
import torch
import torch.nn as nn
from sklearn.datasets import make_friedman1

X, y = make_friedman1(n_samples=3000, n_features=8, noise=0.8, random_state=4)
df = pd.DataFrame(X, columns=[f"x{i}" for i in range(8)])
df["y"] = (y - y.mean()) / y.std()
train = df.sample(frac=0.8, random_state=4)
valid = df.drop(train.index)
# nicer for plotting later on
train = train.sort_values("y").reset_index(drop=True)
feat = [c for c in df.columns if c != "y"]
mean, std = train[feat].mean(), train[feat].std()


def tensors(d):
    return (torch.tensor(((d[feat] - mean) / std).to_numpy(), dtype=torch.float32),
            torch.tensor(d["y"].to_numpy(), dtype=torch.float32)[:, None])


xt, yt = tensors(train)
xv, yv = tensors(valid)
torch.manual_seed(4)
model = nn.Sequential(nn.Linear(8, 48), nn.ReLU(), nn.Linear(48, 48), nn.ReLU(), nn.Linear(48, 1))
criterion = nn.MSELoss()
optimizer = torch.optim.RMSprop(model.parameters(), lr=1e-3)
B = 60
for epoch in range(15):
    model.train()
    ep = 0.0
    for start in range(0, len(xt), B):
        xb, yb = xt[start:start + B], yt[start:start + B]
        optimizer.zero_grad()
        loss = criterion(model(xb), yb)
        loss.backward()
        optimizer.step()
        ep += loss.item() * len(xb)
    model.eval()
    with torch.no_grad():
        v = criterion(model(xv), yv).item()
    print(f"Epoch {epoch:3d}  train MSE {ep/len(xt):.4f}  valid MSE {v:.4f}  valid R2 {1 - v/yv.var().item():.4f}")
