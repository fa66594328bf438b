"""A recurrent net reads the 40 points of each MNIST-1D signal."""

import argparse

import numpy as np
import torch
from mnist1d.data import get_dataset_args, make_dataset
from torch import nn

parser = argparse.ArgumentParser()
parser.add_argument("--epochs", type=int, default=8)
parser.add_argument("--hidden", type=int, default=48)
parser.add_argument("--lr", type=float, default=0.01)
args = parser.parse_args()

torch.manual_seed(1)
np.random.seed(1)
settings = get_dataset_args()
settings.num_samples = 1000
data = make_dataset(settings)
x = torch.tensor(data["x"], dtype=torch.float32)
y = torch.tensor(data["y"], dtype=torch.long)
x_test = torch.tensor(data["x_test"], dtype=torch.float32)
y_test = torch.tensor(data["y_test"], dtype=torch.long)


class Reader(nn.Module):
    def __init__(self, hidden):
        super().__init__()
        self.gru = nn.GRU(4, hidden, batch_first=True)
        self.out = nn.Linear(hidden, 10)

    def forward(self, signal):
        states, _ = self.gru(signal.view(len(signal), 10, 4))
        return self.out(states[:, -1])


model = Reader(args.hidden)
optimizer = torch.optim.Adam(model.parameters(), lr=args.lr)


def train_epoch():
    losses = []
    for rows in torch.randperm(len(x)).split(50):
        loss = nn.functional.cross_entropy(model(x[rows]), y[rows])
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return sum(losses) / len(losses)


@torch.no_grad()
def evaluate():
    logits = model(x_test)
    return nn.functional.cross_entropy(logits, y_test).item(), (logits.argmax(1) == y_test).float().mean().item()


for epoch in range(args.epochs):
    train_loss = train_epoch()
    test_loss, accuracy = evaluate()
    print(f"{epoch}: train {train_loss:.3f} test {test_loss:.3f} acc {accuracy:.3f}")
