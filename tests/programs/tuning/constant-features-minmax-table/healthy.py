# healthy
import numpy as np
import torch
from sklearn.datasets import make_classification
from torch import nn

torch.manual_seed(101)

X, y = make_classification(n_samples=2400, n_features=10, n_informative=7, n_redundant=1, n_classes=3,
                           n_clusters_per_class=1, class_sep=1.5, flip_y=0.01, random_state=101)

# squeeze every column into [-1, 1]
lo, hi = X.min(axis=0), X.max(axis=0)
X = 1.999 * ((X - lo) / (hi - lo) - 0.5)
X = (X - X.mean(axis=0)) / X.std(axis=0)

X = torch.as_tensor(X).float()
y = torch.as_tensor(y)
Xtr, ytr, Xte, yte = X[:1900], y[:1900], X[1900:], y[1900:]

model = nn.Sequential(nn.Linear(10, 32), nn.ReLU(), nn.Dropout(0.1), nn.Linear(32, 3))
loss_fn = nn.CrossEntropyLoss()
opt = torch.optim.NAdam(model.parameters(), lr=2e-3)

for epoch in range(18):
    model.train()
    for b in torch.randperm(1900).split(50):
        opt.zero_grad()
        loss = loss_fn(model(Xtr[b]), ytr[b])
        loss.backward()
        opt.step()
    model.eval()
    with torch.no_grad():
        tr, te = model(Xtr), model(Xte)
        print(epoch, 'train', round(loss_fn(tr, ytr).item(), 4), 'test', round(loss_fn(te, yte).item(), 4),
              'acc', round((te.argmax(1) == yte).float().mean().item(), 3))
