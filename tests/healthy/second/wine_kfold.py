# healthy
"""5-fold cross-validation of a small network on the wine data."""
import torch
from torch import nn
from sklearn.datasets import load_wine
from sklearn.model_selection import StratifiedKFold
from sklearn.preprocessing import StandardScaler


def make_net():
    return nn.Sequential(nn.Linear(13, 24), nn.ReLU(), nn.Linear(24, 3))


def run_fold(xa, ya, xb, yb, epochs=45):
    scaler = StandardScaler().fit(xa)
    xa = torch.tensor(scaler.transform(xa)).float()
    xb = torch.tensor(scaler.transform(xb)).float()
    ya, yb = torch.tensor(ya), torch.tensor(yb)
    net = make_net()
    opt = torch.optim.Adam(net.parameters(), lr=5e-3, weight_decay=5e-3)
    ce = nn.CrossEntropyLoss()
    history = []
    for _ in range(epochs):
        net.train()
        p = torch.randperm(len(xa))
        for s in range(0, len(xa), 16):
            i = p[s:s + 16]
            opt.zero_grad()
            ce(net(xa[i]), ya[i]).backward()
            opt.step()
        net.eval()
        with torch.no_grad():
            out = net(xb)
            history.append((ce(out, yb).item(), (out.argmax(1) == yb).float().mean().item()))
    return history


torch.manual_seed(3)
X, y = load_wine(return_X_y=True)
scores = []
for k, (a, b) in enumerate(StratifiedKFold(5, shuffle=True, random_state=3).split(X, y)):
    h = run_fold(X[a], y[a], X[b], y[b])
    print(f"fold {k}: val loss {h[9][0]:.3f} (10) {h[24][0]:.3f} (25) {h[-1][0]:.3f} (end), accuracy {h[-1][1]:.3f}")
    scores.append(h[-1][1])
print("mean accuracy", sum(scores) / len(scores))
