# healthy
"""Trainer object with callbacks (early stopping, checkpointing, history)."""
from __future__ import annotations
import copy, logging
from dataclasses import dataclass, field
import torch
from torch import nn, Tensor
from torch.utils.data import DataLoader, TensorDataset
from sklearn.datasets import make_gaussian_quantiles

logging.basicConfig(level=logging.INFO, format="%(message)s")
log = logging.getLogger("train")


class Callback:
    def on_epoch_end(self, trainer: "Trainer", logs: dict) -> None: ...


class EarlyStopping(Callback):
    def __init__(self, patience: int):
        self.patience, self.best, self.bad = patience, float("inf"), 0

    def on_epoch_end(self, trainer, logs):
        if logs["val_loss"] < self.best - 1e-3:
            self.best, self.bad = logs["val_loss"], 0
            trainer.best_weights = copy.deepcopy(trainer.model.state_dict())
        else:
            self.bad += 1
            trainer.stop = self.bad >= self.patience


class Printer(Callback):
    def on_epoch_end(self, trainer, logs):
        log.info(" ".join(f"{k}={v:.4f}" for k, v in logs.items()))


@dataclass
class Trainer:
    model: nn.Module
    optimizer: torch.optim.Optimizer
    criterion: nn.Module
    callbacks: list[Callback] = field(default_factory=list)
    stop: bool = False
    best_weights: dict | None = None

    def training_step(self, batch: tuple[Tensor, Tensor]) -> float:
        x, y = batch
        self.optimizer.zero_grad()
        loss = self.criterion(self.model(x), y)
        loss.backward()
        self.optimizer.step()
        return loss.item()

    @torch.no_grad()
    def validate(self, loader):
        self.model.eval()
        loss = acc = n = 0
        for x, y in loader:
            out = self.model(x)
            loss += self.criterion(out, y).item() * len(y)
            acc += (out.argmax(-1) == y).sum().item()
            n += len(y)
        return loss / n, acc / n

    def fit(self, train, val, max_epochs):
        for epoch in range(max_epochs):
            self.model.train()
            losses = [self.training_step(b) for b in train]
            vl, va = self.validate(val)
            logs = dict(epoch=epoch, loss=sum(losses) / len(losses), val_loss=vl, val_acc=va)
            for cb in self.callbacks:
                cb.on_epoch_end(self, logs)
            if self.stop:
                break
        self.model.load_state_dict(self.best_weights)


if __name__ == "__main__":
    torch.manual_seed(0)
    X, y = make_gaussian_quantiles(n_samples=4000, n_features=6, n_classes=3, random_state=0)
    ds = TensorDataset(torch.tensor(X, dtype=torch.float32), torch.tensor(y))
    tr, va = torch.utils.data.random_split(ds, [3200, 800], generator=torch.Generator().manual_seed(0))
    model = nn.Sequential(nn.Linear(6, 48), nn.GELU(), nn.Linear(48, 48), nn.GELU(), nn.Linear(48, 3))
    trainer = Trainer(model, torch.optim.AdamW(model.parameters(), lr=2e-3, weight_decay=0.05), nn.CrossEntropyLoss(),
                      [Printer(), EarlyStopping(4)])
    trainer.fit(DataLoader(tr, 64, shuffle=True, drop_last=True), DataLoader(va, 400), 40)
    print("final", trainer.validate(DataLoader(va, 400)))
