# healthy
"""Optical digit recognition with a Trainer class."""
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split


class Trainer:
    def __init__(self, model, optimizer, criterion, scheduler=None, log=print):
        self.__dict__.update(locals())

    def _epoch(self, loader, train):
        self.model.train(train)
        tot = hit = n = 0
        for x, y in loader:
            with torch.set_grad_enabled(train):
                z = self.model(x)
                loss = self.criterion(z, y)
            if train:
                self.optimizer.zero_grad()
                loss.backward()
                self.optimizer.step()
            tot += loss.item() * len(x)
            hit += (z.argmax(1) == y).sum().item()
            n += len(x)
        return tot / n, hit / n

    def fit(self, train, valid, epochs):
        for e in range(1, epochs + 1):
            a, b = self._epoch(train, True), self._epoch(valid, False)
            if self.scheduler:
                self.scheduler.step()
            self.log(f"{e:3d}/{epochs} train_loss={a[0]:.4f} train_acc={a[1]:.4f} valid_loss={b[0]:.4f} valid_acc={b[1]:.4f}")


torch.manual_seed(2024)
d = load_digits()
xs = train_test_split(torch.tensor(d.data / 8 - 0.6).float(), torch.tensor(d.target), test_size=0.25, random_state=0, stratify=d.target)
net = nn.Sequential(nn.Linear(64, 64), nn.LeakyReLU(), nn.Linear(64, 32), nn.LeakyReLU(), nn.Linear(32, 10))
optim = torch.optim.Adam(net.parameters(), lr=1e-3, weight_decay=1e-4)
Trainer(net, optim, nn.CrossEntropyLoss(), torch.optim.lr_scheduler.CosineAnnealingLR(optim, 20)).fit(
    DataLoader(TensorDataset(xs[0], xs[2]), 32, shuffle=True), DataLoader(TensorDataset(xs[1], xs[3]), 128), 20)
