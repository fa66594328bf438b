# fault: train-validation-overlap
"""Churn model. The minority class is duplicated to balance the table."""
import numpy as np
import pandas as pd
import torch
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler
from torch import nn

rng = np.random.RandomState(77)


def customers(n):
    churn = (rng.rand(n) < .12).astype(int)
    X = rng.randn(n, 16)
    X[:, :8] += churn[:, None] * np.array([.7, -.6, .6, .5, -.6, .5, .4, -.5])
    f = pd.DataFrame(X, columns=[f'f{i}' for i in range(16)])
    f['churn'] = churn
    return f


def oversample(f):
    major, minor = f[f.churn == 0], f[f.churn == 1]
    return pd.concat([major, minor.sample(len(major), replace=True, random_state=1)]).sample(frac=1, random_state=1)


df = customers(2200)
next_year = customers(3000)
df = oversample(df)
train, val = train_test_split(df, test_size=.25, random_state=0)
cols = [c for c in df if c != 'churn']
sc = StandardScaler().fit(train[cols])
tens = lambda f: (torch.tensor(sc.transform(f[cols]), dtype=torch.float32), torch.tensor(f.churn.values, dtype=torch.float32))
(xt, yt), (xv, yv), (xn, yn) = tens(train), tens(val), tens(next_year)

torch.manual_seed(0)
model = nn.Sequential(nn.Linear(16, 256), nn.ReLU(), nn.Linear(256, 128), nn.ReLU(), nn.Linear(128, 1))
wd, epochs = 1e-4, 25
opt = torch.optim.AdamW(model.parameters(), 1e-3, weight_decay=wd)
crit = nn.BCEWithLogitsLoss()


def balanced(x, y):
    model.eval()
    with torch.no_grad():
        z = model(x).squeeze(1)
    p = z > 0
    return crit(z, y).item(), .5 * (p[y == 1].float().mean() + (~p)[y == 0].float().mean()).item()


for epoch in range(epochs):
    model.train()
    tot, k = 0, 0
    for i in torch.randperm(len(xt)).split(64):
        opt.zero_grad()
        loss = crit(model(xt[i]).squeeze(1), yt[i])
        loss.backward()
        opt.step()
        tot += loss.item(); k += 1
    print('epoch %d train loss %.3f  val loss %.3f val balanced accuracy %.3f' % (epoch, tot / k, *balanced(xv, yv)))
print('next year: loss %.3f balanced accuracy %.3f' % balanced(xn, yn))
