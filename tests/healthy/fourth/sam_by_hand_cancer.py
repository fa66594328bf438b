# healthy
# Sharpness-aware minimisation written by hand: two backward passes a step.
import argparse
import torch
import torch.nn as nn
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

parser = argparse.ArgumentParser()
parser.add_argument("--rho", type=float, default=0.05)
parser.add_argument("--lr", type=float, default=0.05)
parser.add_argument("--epochs", type=int, default=20)
parser.add_argument("--seed", type=int, default=0)
args = parser.parse_args([])
torch.manual_seed(args.seed)
X, y = load_breast_cancer(return_X_y=True)
a, b, ya, yb = train_test_split(X, y, test_size=0.25, random_state=args.seed, stratify=y)
s = StandardScaler().fit(a)
a, b = torch.tensor(s.transform(a), dtype=torch.float32), torch.tensor(s.transform(b), dtype=torch.float32)
ya, yb = torch.tensor(ya, dtype=torch.float32), torch.tensor(yb, dtype=torch.float32)
net = nn.Sequential(nn.Linear(30, 32), nn.ReLU(), nn.Linear(32, 1))
base = torch.optim.SGD(net.parameters(), lr=args.lr, momentum=0.9, weight_decay=1e-3)
bce = nn.BCEWithLogitsLoss()
for epoch in range(args.epochs):
    tot = 0.0
    for idx in torch.randperm(len(a)).split(32):
        base.zero_grad()
        loss = bce(net(a[idx]).squeeze(1), ya[idx])
        loss.backward()
        tot += loss.item() * len(idx)
        with torch.no_grad():
            norm = torch.sqrt(sum((p.grad**2).sum() for p in net.parameters())) + 1e-12
            shifts = [args.rho * p.grad / norm for p in net.parameters()]
            for p, e in zip(net.parameters(), shifts):
                p.add_(e)
        base.zero_grad()
        bce(net(a[idx]).squeeze(1), ya[idx]).backward()
        with torch.no_grad():
            for p, e in zip(net.parameters(), shifts):
                p.sub_(e)
        base.step()
    with torch.no_grad():
        z = net(b).squeeze(1)
        print(f"epoch {epoch} train {tot / len(a):.4f} val {bce(z, yb):.4f} acc {((z > 0) == (yb > 0)).float().mean():.4f}")
