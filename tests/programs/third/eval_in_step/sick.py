# fault: eval-mode-training
"""Tabular net, heavily over-parameterised for its few rows: input and hidden dropout do the regularising."""
import numpy as np
import torch
from torch import nn

rng = np.random.default_rng(61)
n_train, n_val, d = 1200, 1500, 40
X = rng.normal(size=(n_train + n_val, d))
beta = np.where(np.arange(d) < 20, rng.normal(0, 1, d), 0)
p = 0.15 + 0.7 / (1 + np.exp(-1.2 * X @ beta))
y = (rng.random(len(p)) < p).astype(np.float32)
X, y = torch.tensor(X, dtype=torch.float32), torch.tensor(y)
Xt, yt, Xv, yv = X[:n_train], y[:n_train], X[n_train:], y[n_train:]


class Experiment:
    def __init__(self):
        torch.manual_seed(61)
        self.model = nn.Sequential(nn.Dropout(0.2), nn.Linear(d, 256), nn.ReLU(), nn.Dropout(0.5), nn.Linear(256, 1))
        self.opt = torch.optim.Adam(self.model.parameters(), lr=1e-3, weight_decay=1e-3)
        self.loss = nn.BCEWithLogitsLoss()

    def predict(self, x):
        self.model.eval()
        return self.model(x).squeeze(1)

    def train_step(self, x, t):
        self.model.train()
        loss = self.loss(self.predict(x), t)
        self.opt.zero_grad()
        loss.backward()
        self.opt.step()
        return loss.item()

    def run(self, epochs):
        for e in range(epochs):
            tr = np.mean([self.train_step(Xt[b], yt[b]) for b in torch.randperm(n_train).split(50)])
            with torch.no_grad():
                z = self.predict(Xv)
                print(f"epoch {e:2d}: train {tr:.4f} | val {self.loss(z, yv).item():.4f} | val acc {((z > 0) == (yv > 0)).float().mean().item():.4f}")


Experiment().run(28)
