"""Disease progression after one year, from ten measurements (scikit-learn's diabetes table)."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from sklearn.datasets import load_diabetes


@dataclass
class Config:
    hidden: int = 32
    lr: float = 3e-3
    epochs: int = 40
    batch: int = 32


class Regressor(torch.nn.Module):
    def __init__(self, num_features: int, hidden: int):
        super().__init__()
        self.fc1 = torch.nn.Linear(num_features, hidden)
        self.fc2 = torch.nn.Linear(hidden, hidden)
        self.out = torch.nn.Linear(hidden, 1)

    def forward(self, x):
        return self.out(F.silu(self.fc2(F.silu(self.fc1(x)))))


class Trainer:
    def __init__(self, config: Config):
        self.config = config
        torch.manual_seed(0)
        x, y = load_diabetes(return_X_y=True)
        x, y = torch.tensor(x).float(), torch.tensor(y).float()
        self.x, self.y = (x - x.mean(0)) / x.std(0), (y - y.mean()) / y.std()
        self.model = Regressor(x.shape[1], config.hidden)
        self.optimizer = torch.optim.AdamW(self.model.parameters(), lr=config.lr)

    def step(self, rows) -> float:
        error = self.model(self.x[rows]) - self.y[rows]
        loss = (error**2).mean()
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        return loss.item()

    def fit(self):
        for epoch in range(self.config.epochs):
            losses = [self.step(rows) for rows in torch.randperm(len(self.x)).split(self.config.batch)]
            if epoch % 10 == 9:
                print(f"epoch {epoch + 1}: loss {sum(losses) / len(losses):.4f}")


if __name__ == "__main__":
    Trainer(Config()).fit()
