# healthy
"""Next-day log realised volatility for a panel of small caps."""
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn


@dataclass
class Cfg:
    n_names: int = 30
    n_days: int = 150
    hidden: int = 32
    lr: float = 2e-3
    batch: int = 128
    epochs: int = 16
    seed: int = 42


def simulate(cfg, rng):
    feats, targets, day = [], [], []
    for _ in range(cfg.n_names):
        lv = rng.normal(-4, 0.4)
        base = lv
        hist = []
        for _ in range(cfg.n_days + 6):
            lv = base + 0.9 * (lv - base) + 0.22 * rng.normal()
            ret = np.exp(lv) * rng.standard_t(6)
            shares = rng.poisson(np.exp(9 + 0.8 * (lv - base) + 0.3 * rng.normal()))
            if rng.random() < 0.01:          # trading halt
                shares = 0
            hist.append((lv + 0.1 * rng.normal(), ret, shares))
        h = np.array(hist)
        log_volume = np.log1p(h[:, 2])
        for t in range(5, cfg.n_days + 5):
            feats.append(np.r_[h[t - 4:t + 1, 0], np.abs(h[t - 4:t + 1, 1]), log_volume[t - 4:t + 1]])
            targets.append(h[t + 1, 0])
            day.append(t)
    return np.array(feats), np.array(targets), np.array(day)


def main():
    cfg = Cfg()
    rng = np.random.default_rng(cfg.seed)
    torch.manual_seed(cfg.seed)
    np.seterr(divide="ignore", invalid="ignore")

    X, y, day = simulate(cfg, rng)
    tr = day < 0.8 * cfg.n_days
    mu, sd = X[tr].mean(0), X[tr].std(0)
    X = torch.as_tensor((X - mu) / sd, dtype=torch.float32)
    y = torch.as_tensor((y - y[tr].mean()) / y[tr].std(), dtype=torch.float32)
    tr = torch.as_tensor(tr)
    Xtr, ytr, Xva, yva = X[tr], y[tr], X[~tr], y[~tr]

    net = nn.Sequential(nn.Linear(15, cfg.hidden), nn.SiLU(), nn.Linear(cfg.hidden, 1), nn.Flatten(0))
    opt = torch.optim.AdamW(net.parameters(), lr=cfg.lr, weight_decay=1e-2)
    for epoch in range(cfg.epochs):
        run = []
        for ix in torch.randperm(len(ytr)).split(cfg.batch):
            loss = nn.functional.mse_loss(net(Xtr[ix]), ytr[ix])
            opt.zero_grad()
            loss.backward()
            opt.step()
            run.append(loss.item())
        with torch.no_grad():
            oos = nn.functional.mse_loss(net(Xva), yva).item()
        print(f"epoch={epoch} in_sample={np.mean(run):.4f} out_of_sample={oos:.4f} r2={1 - oos / yva.var().item():.3f}")


if __name__ == "__main__":
    main()
