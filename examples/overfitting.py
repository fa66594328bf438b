"""MNIST-1D signals, classified by a multilayer perceptron."""

import random

import numpy as np
import torch
import torch.nn as nn
from mnist1d.data import get_dataset_args, make_dataset
from torch.utils.data import DataLoader, TensorDataset


def seed_everything(seed):
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)


def load(num_samples):
    config = get_dataset_args()
    config.num_samples = num_samples
    data = make_dataset(config)
    train = TensorDataset(torch.Tensor(data["x"]), torch.LongTensor(data["y"]))
    valid = TensorDataset(torch.Tensor(data["x_test"]), torch.LongTensor(data["y_test"]))
    return train, valid


class MLP(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(
            nn.Linear(40, 256), nn.ReLU(),
            nn.Linear(256, 256), nn.ReLU(),
            nn.Linear(256, 10),
        )

    def forward(self, x):
        return self.net(x)


def run_epoch(model, loader, criterion, optimizer=None):
    model.train(optimizer is not None)
    total = 0.0
    with torch.set_grad_enabled(optimizer is not None):
        for x, y in loader:
            loss = criterion(model(x), y)
            if optimizer is not None:
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
            total += loss.item() * len(x)
    return total / len(loader.dataset)


def main():
    seed_everything(0)
    train, valid = load(500)
    model, criterion = MLP(), nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    for epoch in range(32):
        train_loss = run_epoch(model, DataLoader(train, batch_size=32, shuffle=True), criterion, optimizer)
        valid_loss = run_epoch(model, DataLoader(valid, batch_size=100), criterion)
        if epoch % 4 == 3:
            print(f"epoch {epoch + 1:3d}: train {train_loss:.4f}  valid {valid_loss:.4f}")


if __name__ == "__main__":
    main()
