# healthy
# does a bracket-like up/down sequence ever reach a depth of four?
import numpy as np
import torch
from torch import nn, optim

torch.manual_seed(5)
np.random.seed(5)


def make(n, length=24):
    s = np.random.choice([-1, 1], size=(n, length))
    depth = np.maximum(s.cumsum(axis=1).max(axis=1), 0)
    return torch.tensor((s > 0).astype(np.int64)), torch.tensor((depth >= 4).astype(np.int64))


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(2, 8)
        self.lstm = nn.LSTM(8, 24, batch_first=True)
        self.linear = nn.Linear(24, 2)

    def forward(self, tokens):
        states, _ = self.lstm(self.embedding(tokens))
        pooled = states.max(dim=1).values
        return self.linear(pooled)


xs, ys = make(2500)
xv, yv = make(500)
model = Net()
opt = optim.Adam(model.parameters(), lr=4e-3)
loss_function = nn.CrossEntropyLoss()
for epoch in range(8):
    losses = []
    for ix in np.array_split(np.random.permutation(len(xs)), 40):
        loss = loss_function(model(xs[ix]), ys[ix])
        opt.zero_grad()
        loss.backward()
        opt.step()
        losses.append(loss.item())
    with torch.no_grad():
        o = model(xv)
        print(epoch, 'train', np.mean(losses).round(4), 'valid', round(loss_function(o, yv).item(), 4), 'acc', (o.argmax(1) == yv).float().mean().item())
