# fault: class-imbalance
"""Card fraud screening."""
import logging
from dataclasses import dataclass

import numpy as np
import torch
from sklearn.metrics import average_precision_score, balanced_accuracy_score, f1_score
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

logging.basicConfig(format="%(asctime)s %(message)s", level=logging.INFO, datefmt="%H:%M:%S")


@dataclass
class Config:
    n: int = 16000
    fraud_rate: float = 0.01
    batch_size: int = 128
    lr: float = 4e-3
    epochs: int = 8
    seed: int = 0


def transactions(cfg):
    g = np.random.default_rng(cfg.seed)
    y = (g.random(cfg.n) < cfg.fraud_rate).astype(np.float32)
    x = g.normal(0, 1, (cfg.n, 10)).astype(np.float32)
    x[:, :6] += y[:, None] * np.array([1., .8, -.9, .7, .6, -.5], np.float32)
    return x, y


class Trainer:
    def __init__(self, cfg):
        self.cfg = cfg
        torch.manual_seed(cfg.seed)
        x, y = map(torch.from_numpy, transactions(cfg))
        k = int(.75 * cfg.n)
        ds = TensorDataset(x[:k], y[:k])
        self.loader = DataLoader(ds, cfg.batch_size, shuffle=True)
        self.test = (x[k:], y[k:])
        self.net = nn.Sequential(nn.Linear(10, 16), nn.ReLU(), nn.Linear(16, 1))
        self.opt = torch.optim.AdamW(self.net.parameters(), cfg.lr, weight_decay=.05)
        self.sched = torch.optim.lr_scheduler.CosineAnnealingLR(self.opt, cfg.epochs)
        self.loss = nn.BCEWithLogitsLoss()

    def fit(self):
        for ep in range(self.cfg.epochs):
            self.net.train()
            tot = 0
            for xb, yb in self.loader:
                self.opt.zero_grad()
                loss = self.loss(self.net(xb).squeeze(1), yb)
                loss.backward()
                self.opt.step()
                tot += loss.item() / len(self.loader)
            self.sched.step()
            self.report(ep, tot)

    @torch.no_grad()
    def report(self, ep, tot):
        self.net.eval()
        x, y = self.test
        s = self.net(x).squeeze(1)
        p = (s > 0).float()
        logging.info("epoch %d loss %.4f | accuracy %.4f balanced %.3f f1 %.3f AP %.3f", ep, tot, (p == y).float().mean(),
                     balanced_accuracy_score(y, p), f1_score(y, p, zero_division=0), average_precision_score(y, s))


if __name__ == "__main__":
    Trainer(Config()).fit()
