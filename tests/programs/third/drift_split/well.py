# healthy
"""Sensor array (gas) classification with drift over 10 months."""
import numpy as np
import torch
from torch import nn
from sklearn.model_selection import train_test_split


def drifted(n=3000, gases=4, d=10, seed=107):
    g = np.random.default_rng(seed)
    month = np.sort(g.integers(0, 10, n))
    gas = g.integers(0, gases, n)
    sig = g.normal(size=(gases, d)) * 1.3
    direction = g.normal(size=d) * 0.8
    x = sig[gas] + g.normal(size=(n, d)) * 0.8 + month[:, None] * direction
    x += 0.1 * month[:, None] * (sig[(gas + 1) % gases] - sig[gas])
    return x.astype("float32"), gas


x, gas = drifted()
xa, xb, ya, yb = train_test_split(x, gas, test_size=0.3, random_state=0)
mu, sd = xa.mean(0), xa.std(0)
xa, xb = torch.from_numpy((xa - mu) / sd), torch.from_numpy((xb - mu) / sd)
ya, yb = torch.from_numpy(ya), torch.from_numpy(yb)
torch.manual_seed(107)
net = nn.Sequential(nn.Linear(10, 40), nn.ReLU(), nn.Linear(40, 4))
opt = torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.9, weight_decay=1e-3)
loss_fn = nn.CrossEntropyLoss(label_smoothing=0.02)
for ep in range(20):
    t = []
    for b in torch.randperm(len(xa)).split(60):
        loss = loss_fn(net(xa[b]), ya[b])
        opt.zero_grad()
        loss.backward()
        opt.step()
        t.append(loss.item())
    with torch.no_grad():
        z = net(xb)
    print("epoch %2d  train %.4f  val %.4f  val acc %.4f" % (ep, np.mean(t), loss_fn(z, yb), (z.argmax(1) == yb).float().mean()))
