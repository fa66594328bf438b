# healthy
# RBF-ish net for a 2D potential surface, hand-rolled Adam-free loop
import torch
import math

torch.manual_seed(33)
xy = torch.rand(3000, 2) * 4 - 2
pot = torch.sin(2 * xy[:, :1]) * torch.cos(1.5 * xy[:, 1:]) + 0.3 * xy[:, :1] * xy[:, 1:]
pot = (pot + 0.05 * torch.randn_like(pot))
pot = (pot - pot.mean()) / pot.std()
xy = xy / xy.std(0)
tr, te = slice(0, 2400), slice(2400, 3000)
sizes = [2, 48, 48, 48, 1]
W = [torch.randn(a, b) / math.sqrt(a) for a, b in zip(sizes, sizes[1:])]
B = [torch.zeros(b) for b in sizes[1:]]
theta = W + B
for p in theta:
    p.requires_grad_(True)
phi = torch.tanh


def f(x):
    for k in range(len(W) - 1):
        x = phi(x @ W[k] + B[k])
    return x @ W[-1] + B[-1]


opt = torch.optim.Adam(theta, lr=3e-3)
sch = torch.optim.lr_scheduler.StepLR(opt, 8, 0.3)
for ep in range(20):
    tot = 0
    for j in torch.randperm(2400).split(60):
        loss = (f(xy[tr][j]) - pot[tr][j]).square().mean()
        opt.zero_grad()
        loss.backward()
        opt.step()
        tot += loss.item() / 40
    sch.step()
    with torch.no_grad():
        v = (f(xy[te]) - pot[te]).square().mean().item()
    print("ep %d mse %.4g val %.4g" % (ep, tot, v))
