# fault: unscaled-inputs
"""Estimate log price of a house from its listing."""
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


@dataclass
class Config:
    n_houses: int = 2400
    hidden: int = 64
    lr: float = 2e-3
    batch_size: int = 64
    epochs: int = 20
    seed: int = 7


def make_listings(n, rng):
    year = rng.integers(1900, 2021, n)
    area = rng.uniform(30, 300, n)
    lot = rng.uniform(100, 5000, n)
    dist = rng.uniform(0, 30000, n)
    rooms = np.clip(np.round(area / 30 + rng.normal(0, 1, n)), 1, None)
    log_price = (
        0.6 * np.log(area)
        + 0.15 * np.log(lot)
        - 0.5 * np.tanh(dist / 8000)
        + 0.3 * np.abs((year - 1960) / 40)
        + 0.02 * rooms
        + rng.normal(0, 0.05, n)
    )
    return np.stack([year, area, lot, dist, rooms], 1), log_price


class PriceNet(nn.Module):
    def __init__(self, n_in, hidden):
        super().__init__()
        self.l1 = nn.Linear(n_in, hidden)
        self.l2 = nn.Linear(hidden, hidden)
        self.out = nn.Linear(hidden, 1)

    def forward(self, x):
        x = torch.relu(self.l1(x))
        x = torch.relu(self.l2(x))
        return self.out(x).squeeze(-1)


def main(cfg: Config):
    torch.manual_seed(cfg.seed)
    rng = np.random.default_rng(cfg.seed)
    X, y = make_listings(cfg.n_houses, rng)
    n_train = int(0.8 * cfg.n_houses)
    y = (y - y[:n_train].mean()) / y[:n_train].std()
    X = torch.from_numpy(X).float()
    y = torch.from_numpy(y).float()
    train_dl = DataLoader(TensorDataset(X[:n_train], y[:n_train]), batch_size=cfg.batch_size, shuffle=True)
    val_dl = DataLoader(TensorDataset(X[n_train:], y[n_train:]), batch_size=256)

    model = PriceNet(X.shape[1], cfg.hidden)
    optimizer = torch.optim.Adam(model.parameters(), lr=cfg.lr)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, cfg.epochs)
    loss_fn = nn.MSELoss()

    for epoch in range(1, cfg.epochs + 1):
        model.train()
        running = 0.0
        for xb, yb in train_dl:
            optimizer.zero_grad()
            loss = loss_fn(model(xb), yb)
            loss.backward()
            optimizer.step()
            running += loss.item() * len(xb)
        scheduler.step()
        model.eval()
        with torch.no_grad():
            val = sum(loss_fn(model(xb), yb).item() * len(xb) for xb, yb in val_dl) / (cfg.n_houses - n_train)
        print(f"[{epoch:02d}/{cfg.epochs}] train mse {running / n_train:.4f} | val mse {val:.4f}")


if __name__ == "__main__":
    main(Config())
