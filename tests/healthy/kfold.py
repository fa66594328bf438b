# healthy: 5-fold cross-validation, new model and optimiser per fold (RMSprop); garbage from earlier folds
import numpy as np
import torch
import torch.nn as nn
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import StratifiedKFold
from sklearn.preprocessing import StandardScaler

torch.manual_seed(0)
X, y = load_breast_cancer(return_X_y=True)
scores = []
for fold, (tr, va) in enumerate(StratifiedKFold(5, shuffle=True, random_state=0).split(X, y)):
    sc = StandardScaler().fit(X[tr])
    xt, xv = torch.tensor(sc.transform(X[tr])).float(), torch.tensor(sc.transform(X[va])).float()
    yt, yv = torch.tensor(y[tr]).float(), torch.tensor(y[va]).float()
    model = nn.Sequential(nn.Linear(30, 16), nn.ReLU(), nn.Dropout(0.2), nn.Linear(16, 1), nn.Flatten(0))
    opt = torch.optim.RMSprop(model.parameters(), lr=1e-3, weight_decay=1e-2)
    bce = nn.BCEWithLogitsLoss()
    for epoch in range(15):
        model.train()
        for b in torch.randperm(len(xt)).split(32):
            opt.zero_grad()
            loss = bce(model(xt[b]), yt[b])
            loss.backward()
            opt.step()
    model.eval()
    with torch.no_grad():
        o = model(xv)
    acc = ((o > 0) == (yv > 0.5)).float().mean().item()
    scores.append(acc)
    print(f"fold {fold}: train loss {loss.item():.4f} val loss {bce(o, yv).item():.4f} val acc {acc:.4f}")
print("mean accuracy %.4f +- %.4f" % (np.mean(scores), np.std(scores)))
