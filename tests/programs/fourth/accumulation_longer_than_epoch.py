# fault: no-optimizer-step or accumulating-gradients or too-few-epochs or batch-size-misfit
# `accum_steps` was tuned for a loader with many more batches; step is reached never because i restarts each epoch
import argparse

import torch
import torch.nn as nn
from sklearn.datasets import load_digits

parser = argparse.ArgumentParser()
parser.add_argument("--accum_steps", default=32, type=int)
parser.add_argument("--bs", default=64, type=int)
parser.add_argument("--epochs", default=12, type=int)
opt = parser.parse_args()
torch.manual_seed(0)
D = load_digits()
xs, ys = torch.tensor(D.data).float() / 16, torch.tensor(D.target)
shuf = torch.randperm(len(xs)); xs, ys = xs[shuf], ys[shuf]
net = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10))
optim = torch.optim.Adam(net.parameters(), lr=3e-3)
ce = nn.CrossEntropyLoss()
for ep in range(opt.epochs):
    net.train()
    optim.zero_grad()
    for i, b in enumerate(torch.randperm(1400).split(opt.bs)):
        loss = ce(net(xs[b]), ys[b]) / opt.accum_steps
        loss.backward()
        if (i + 1) % opt.accum_steps == 0:
            optim.step()
            optim.zero_grad()
    net.eval()
    with torch.no_grad():
        lg = net(xs[1400:])
    print("epoch", ep, "val loss", ce(lg, ys[1400:]).item(), "val acc", (lg.argmax(1) == ys[1400:]).float().mean().item())
