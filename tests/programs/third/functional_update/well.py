# healthy
"""Quantile forecaster (P10/P50/P90) with hand-written updates; parameters live in a dict."""
import math
import numpy as np
import torch

torch.manual_seed(101)
rng = np.random.default_rng(101)
T = 3500
tt = np.arange(T)
series = np.sin(2 * np.pi * tt / 24) + 0.5 * np.sin(2 * np.pi * tt / 168) + (0.15 + 0.12 * np.cos(2 * np.pi * tt / 24)) * rng.normal(size=T)
LAG = 24
X = np.stack([series[i:i + LAG] for i in range(T - LAG)])
X = np.c_[X, np.sin(2 * np.pi * tt[LAG:] / 24), np.cos(2 * np.pi * tt[LAG:] / 24)]
y = series[LAG:]
X, y = torch.tensor(X).float(), torch.tensor(y).float()
cut = 2700
mu, sd = X[:cut].mean(0), X[:cut].std(0)
X = (X - mu) / sd
Q = torch.tensor([0.1, 0.5, 0.9])

P = {"W0": torch.randn(LAG + 2, 32) / math.sqrt(LAG + 2), "b0": torch.zeros(32), "W1": torch.randn(32, 3) / math.sqrt(32), "b1": torch.zeros(3)}
for k in P:
    P[k].requires_grad_(True)


def predict(P, x):
    return torch.tanh(x @ P["W0"] + P["b0"]) @ P["W1"] + P["b1"]


def pinball(q_hat, target):
    e = target[:, None] - q_hat
    return torch.maximum(Q * e, (Q - 1) * e).mean()


LR = 0.1
for ep in range(25):
    s = 0.0
    for b in torch.randperm(cut).split(60):
        loss = pinball(predict(P, X[b]), y[b])
        grads = torch.autograd.grad(loss, list(P.values()))
        with torch.no_grad():
            for param, g in zip(P.values(), grads):
                param -= LR * g
        s += loss.item() / 45
    with torch.no_grad():
        q = predict(P, X[cut:])
        cov = ((y[cut:] > q[:, 0]) & (y[cut:] < q[:, 2])).float().mean()
        print(f"epoch {ep:2d} pinball {s:.4f} val {pinball(q, y[cut:]).item():.4f} coverage(80%) {cov:.3f}")
