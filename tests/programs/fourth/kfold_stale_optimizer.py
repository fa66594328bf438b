# fault: unoptimized-parameters or no-optimizer-step
# cross validation where the optimizer was made once, before the loop
import numpy as np
import torch
from sklearn.datasets import load_iris
from sklearn.model_selection import StratifiedKFold
from torch import nn

torch.manual_seed(0)
X, y = load_iris(return_X_y=True)
X = (X - X.mean(0)) / X.std(0)


def make_model():
    return nn.Sequential(nn.Linear(4, 32), nn.ReLU(), nn.Linear(32, 3))


model = make_model()
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
scores = []
for fold, (tr, va) in enumerate(StratifiedKFold(4, shuffle=True, random_state=0).split(X, y)):
    model = make_model()
    xt, yt = torch.tensor(X[tr], dtype=torch.float32), torch.tensor(y[tr])
    xv, yv = torch.tensor(X[va], dtype=torch.float32), torch.tensor(y[va])
    for epoch in range(30):
        model.train()
        for b in torch.randperm(len(xt)).split(16):
            optimizer.zero_grad()
            loss = criterion(model(xt[b]), yt[b])
            loss.backward()
            optimizer.step()
    model.eval()
    with torch.no_grad():
        acc = (model(xv).argmax(1) == yv).float().mean().item()
    print(f"fold {fold} loss {loss.item():.3f} acc {acc:.3f}")
    scores.append(acc)
print("cv accuracy %.3f +- %.3f" % (np.mean(scores), np.std(scores)))
