# healthy
"""House valuation model. Usage: python train.py [--epochs N] [--lr LR]"""
import argparse
import logging

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s")
log = logging.getLogger("valuation")


def load_houses(n=6000, seed=7):
    r = np.random.default_rng(seed)
    area = r.gamma(6.0, 22.0, n) + 30           # m2
    year = r.integers(1920, 2022, n)
    plot = r.gamma(2.0, 350.0, n) + area * 0.7  # m2
    rooms = np.clip(np.round(area / 28 + r.normal(0, 0.8, n)), 1, 9)
    dist = r.gamma(2.0, 4.0, n)                 # km to the centre
    tax = r.normal(410, 70, n)
    age = (2022 - year) / 100
    value = (0.9 * np.log(area) + 0.12 * np.log(plot) - 0.28 * np.log1p(dist)
             + 0.35 * np.cos(3.1 * age) + 0.05 * rooms - 0.002 * (tax - 410))
    value += r.normal(0, 0.06, n)
    X = np.stack([area, year, plot, rooms, dist, tax], 1).astype(np.float32)
    return X, value.astype(np.float32)[:, None]


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--epochs", type=int, default=40)
    ap.add_argument("--batch-size", type=int, default=64)
    ap.add_argument("--lr", type=float, default=1e-3)
    args = ap.parse_args()
    torch.manual_seed(0)

    X, y = load_houses()
    cut = 5000
    ymean, ystd = y[:cut].mean(), y[:cut].std()
    y = (y - ymean) / ystd
    mu, sd = X[:cut].mean(0), X[:cut].std(0)
    X = (X - mu) / sd
    X, y = torch.from_numpy(X), torch.from_numpy(y)
    train = DataLoader(TensorDataset(X[:cut], y[:cut]), args.batch_size, shuffle=True)

    net = nn.Sequential(nn.Linear(6, 64), nn.ReLU(), nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 1))
    opt = torch.optim.Adam(net.parameters(), lr=args.lr)
    sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, args.epochs)
    crit = nn.MSELoss()
    for epoch in range(args.epochs):
        net.train()
        total = 0.0
        for xb, yb in train:
            opt.zero_grad()
            loss = crit(net(xb), yb)
            loss.backward()
            opt.step()
            total += loss.item() * len(xb)
        sched.step()
        net.eval()
        with torch.no_grad():
            val = crit(net(X[cut:]), y[cut:]).item()
        if epoch % 5 == 4:
            log.info("epoch %d train mse %.4f val mse %.4f  R2 %.3f", epoch + 1, total / cut, val,
                     1 - val / y[cut:].var().item())


if __name__ == "__main__":
    main()
