# fault: degenerate-batch-norm
"""Credit-style tabular net; port of a Keras model (Dense-BN-ReLU blocks)."""
from __future__ import annotations
import numpy as np
import torch
import torch.nn as nn
from sklearn.datasets import make_classification


def keras_block(i: int, o: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Linear(i, o, bias=False),
        nn.BatchNorm1d(o, eps=1e-3, momentum=0.0001),
        nn.ReLU(),
    )


class ScoreCard(nn.Module):
    def __init__(self, d: int):
        super().__init__()
        self.b1, self.b2, self.b3 = keras_block(d, 64), keras_block(64, 64), keras_block(64, 32)
        self.out = nn.Linear(32, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.out(self.b3(self.b2(self.b1(x)))).flatten()


X, y = make_classification(n_samples=8000, n_features=16, n_informative=6, n_redundant=3, n_clusters_per_class=3,
                           class_sep=1.0, flip_y=0.03, random_state=90)
X = ((X - X.mean(0)) / X.std(0)).astype(np.float32)
X, y = torch.from_numpy(X), torch.from_numpy(y).float()
tr, va = torch.arange(6400), torch.arange(6400, 8000)
torch.manual_seed(90)
net = ScoreCard(16)
opt = torch.optim.Adam(net.parameters(), lr=2e-3, weight_decay=1e-4)
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, 10)
bce = nn.BCEWithLogitsLoss()
for epoch in range(10):
    net.train()
    hist = []
    for b in tr[torch.randperm(6400)].split(64):
        loss = bce(net(X[b]), y[b])
        opt.zero_grad(); loss.backward(); opt.step()
        hist.append(loss.item())
    sched.step()
    net.eval()
    with torch.no_grad():
        z = net(X[va])
        print(f"Epoch {epoch+1}/10 - loss: {np.mean(hist):.4f} - val_loss: {bce(z, y[va]):.4f} - val_accuracy: {((z > 0) == (y[va] > .5)).float().mean():.4f}")
