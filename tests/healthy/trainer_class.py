# healthy: everything hidden in a Trainer class with logging module, callbacks and hooks; batch size 8; NAdam
import logging
import sys

import torch
import torch.nn as nn
from sklearn.datasets import load_iris
from sklearn.model_selection import train_test_split
from torch.utils.data import DataLoader, TensorDataset

logging.basicConfig(stream=sys.stdout, level=logging.INFO, format="%(levelname)s %(message)s")
log = logging.getLogger("trainer")


class Trainer:
    def __init__(self, model, optimizer, loss_fn, loaders, max_epochs=20, callbacks=()):
        self.model, self.optimizer, self.loss_fn = model, optimizer, loss_fn
        self.loaders, self.max_epochs, self.callbacks = loaders, max_epochs, callbacks
        self.history = {"train": [], "val": [], "acc": []}

    def _run(self, split):
        training = split == "train"
        self.model.train(training)
        total = correct = n = 0
        with torch.set_grad_enabled(training):
            for xb, yb in self.loaders[split]:
                out = self.model(xb)
                loss = self.loss_fn(out, yb)
                if training:
                    self.optimizer.zero_grad()
                    loss.backward()
                    self.optimizer.step()
                total += loss.item() * len(xb)
                correct += (out.argmax(1) == yb).sum().item()
                n += len(xb)
        return total / n, correct / n

    def fit(self):
        for epoch in range(self.max_epochs):
            tl, _ = self._run("train")
            vl, acc = self._run("val")
            for k, v in zip(self.history, (tl, vl, acc)):
                self.history[k].append(v)
            for cb in self.callbacks:
                cb(self, epoch)
        return self


def log_epoch(trainer, epoch):
    h = trainer.history
    log.info("epoch %d train %.4f val %.4f acc %.3f", epoch, h["train"][-1], h["val"][-1], h["acc"][-1])


def main():
    torch.manual_seed(0)
    X, y = load_iris(return_X_y=True)
    X = (X - X.mean(0)) / X.std(0)
    Xa, Xb, ya, yb = train_test_split(torch.tensor(X).float(), torch.tensor(y), test_size=0.3, random_state=1, stratify=y)
    loaders = {"train": DataLoader(TensorDataset(Xa, ya), batch_size=8, shuffle=True), "val": DataLoader(TensorDataset(Xb, yb), batch_size=45)}
    model = nn.Sequential(nn.Linear(4, 16), nn.Tanh(), nn.Linear(16, 3))
    seen = []
    model[0].register_forward_hook(lambda m, i, o: seen.append(o.abs().mean().item()))
    Trainer(model, torch.optim.NAdam(model.parameters(), lr=2e-3), nn.CrossEntropyLoss(), loaders, 25, [log_epoch]).fit()
    log.info("hook saw %d batches", len(seen))


if __name__ == "__main__":
    main()
