# healthy
# Churn-like problem with few positives: balanced by resampling, 30 % held out
import numpy as np
import torch
from sklearn.datasets import make_classification
from sklearn.model_selection import train_test_split
from sklearn.utils import resample


def get_raw():
    return make_classification(n_samples=2600, n_features=12, n_informative=5, n_redundant=0, weights=[0.85],
                               class_sep=0.9, flip_y=0.06, random_state=9)


def balance(X, y):
    Xp = resample(X[y == 1], n_samples=(y == 0).sum(), random_state=9)
    Xb = np.concatenate([X[y == 0], Xp])
    yb = np.r_[np.zeros((y == 0).sum()), np.ones(len(Xp))]
    return Xb, yb


X, y = get_raw()
X_tr, X_va, y_tr, y_va = train_test_split(X, y, test_size=0.3, stratify=y, random_state=9)
X_tr, y_tr = balance(X_tr, y_tr)
X_va, y_va = balance(X_va, y_va)
mu, sd = X_tr.mean(0), X_tr.std(0)
to = lambda a: torch.tensor(a, dtype=torch.float32)
X_tr, X_va, y_tr, y_va = to((X_tr - mu) / sd), to((X_va - mu) / sd), to(y_tr), to(y_va)

torch.manual_seed(9)
net = torch.nn.Sequential(torch.nn.Linear(12, 64), torch.nn.ReLU(), torch.nn.Dropout(0.3), torch.nn.Linear(64, 1))
opt = torch.optim.Adam(net.parameters(), lr=1e-3, weight_decay=1e-3)
bce = torch.nn.BCEWithLogitsLoss()
for epoch in range(25):
    net.train()
    perm = torch.randperm(len(X_tr))
    tot = 0
    for i in range(0, len(perm), 32):
        b = perm[i:i + 32]
        opt.zero_grad()
        loss = bce(net(X_tr[b]).squeeze(1), y_tr[b])
        loss.backward()
        opt.step()
        tot += loss.item() * len(b)
    net.eval()
    with torch.no_grad():
        z = net(X_va).squeeze(1)
        print(f"{epoch:2d} train {tot/len(perm):.4f} val {bce(z, y_va):.4f} val_acc {((z > 0) == (y_va > 0.5)).float().mean():.4f}")
