# healthy
import copy
import math
from dataclasses import dataclass

import torch
import torch.nn as nn


@dataclass
class TrainerConfig:
    max_epochs: int = 20
    batch_size: int = 64
    learning_rate: float = 1e-2
    weight_decay: float = 1e-4


class FourierSeriesNet(nn.Module):
    """Temperature of a rod from place and time."""

    def __init__(self, width=40):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(2, width), nn.SiLU(), nn.Linear(width, width), nn.SiLU(), nn.Linear(width, 1))

    def forward(self, xt):
        return self.net(xt)


class Trainer:
    def __init__(self, model, train_data, valid_data, config):
        self.config = config
        self.optimizer = torch.optim.AdamW(model.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay)
        self.scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(self.optimizer, config.max_epochs)
        self.model = model
        self.train_data, self.valid_data = train_data, valid_data
        self.criterion = nn.MSELoss()

    def run_epoch(self):
        self.model.train()
        x, y = self.train_data
        total = 0.0
        for idx in torch.randperm(len(x)).split(self.config.batch_size):
            loss = self.criterion(self.model(x[idx]), y[idx])
            self.model.zero_grad()
            loss.backward()
            self.optimizer.step()
            total += loss.item() * len(idx)
        self.scheduler.step()
        return total / len(x)

    @torch.no_grad()
    def validate(self):
        self.model.eval()
        x, y = self.valid_data
        return self.criterion(self.model(x), y).item()

    def fit(self):
        for epoch in range(self.config.max_epochs):
            tr = self.run_epoch()
            print(f"epoch {epoch:03d}: train_loss={tr:.5f} valid_loss={self.validate():.5f}")


def heat(x, t):
    return torch.sin(math.pi * x) * torch.exp(-t) + 0.5 * torch.sin(3 * math.pi * x) * torch.exp(-4 * t)


def sample(n):
    x, t = torch.rand(n, 1), torch.rand(n, 1)
    y = heat(x, t) + 0.01 * torch.randn(n, 1)
    return torch.cat([(x - 0.5) / 0.2887, (t - 0.5) / 0.2887], 1), y


if __name__ == "__main__":
    torch.manual_seed(30)
    train, valid = sample(3000), sample(600)
    m, s = train[1].mean(), train[1].std()
    train, valid = (train[0], (train[1] - m) / s), (valid[0], (valid[1] - m) / s)
    Trainer(FourierSeriesNet(), train, valid, TrainerConfig()).fit()
