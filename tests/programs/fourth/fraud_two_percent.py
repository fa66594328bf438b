# fault: class-imbalance
"""Credit-card fraud: "my network always predicts 0 and has 98% accuracy"."""
import argparse

import torch
from sklearn.datasets import make_classification
from sklearn.metrics import f1_score, recall_score
from torch import nn


def get_args():
    p = argparse.ArgumentParser()
    p.add_argument("--epochs", type=int, default=12)
    p.add_argument("--lr", type=float, default=1e-3)
    p.add_argument("--batch-size", type=int, default=256)
    return p.parse_args()


def main():
    args = get_args()
    torch.manual_seed(42)
    X, y = make_classification(
        n_samples=6000, n_features=20, n_informative=6, weights=[0.98], class_sep=0.55, flip_y=0.0, random_state=11
    )
    X, y = torch.from_numpy(X).float(), torch.from_numpy(y).float()
    X = (X - X.mean(0)) / X.std(0)
    x_tr, y_tr, x_te, y_te = X[:4500], y[:4500], X[4500:], y[4500:]
    clf = nn.Sequential(nn.Linear(20, 32), nn.ReLU(), nn.Dropout(0.3), nn.Linear(32, 1))
    criterion = nn.BCEWithLogitsLoss()
    opt = torch.optim.Adam(clf.parameters(), lr=args.lr, weight_decay=1e-3)
    for epoch in range(1, args.epochs + 1):
        clf.train()
        for ids in torch.randperm(len(x_tr)).split(args.batch_size):
            opt.zero_grad()
            loss = criterion(clf(x_tr[ids]).flatten(), y_tr[ids])
            loss.backward()
            opt.step()
        clf.eval()
        with torch.no_grad():
            logit = clf(x_te).flatten()
            val = criterion(logit, y_te)
        hard = (logit > 0).int().numpy()
        print(
            f"[{epoch:02d}] val_loss {val:.4f} acc {(hard == y_te.numpy()).mean():.4f} "
            f"recall {recall_score(y_te, hard):.3f} f1 {f1_score(y_te, hard, zero_division=0):.3f}"
        )


if __name__ == "__main__":
    main()
