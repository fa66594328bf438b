# healthy
"""Perceptron network for parity-like rules, ported from a 1990s Lua toolbox."""
import torch
import torch.nn as nn


class Threshold(nn.Module):
    """units that fire or not"""

    def forward(self, x):
        return torch.tanh(x)


class Committee(nn.Module):
    def __init__(self, n_in, n_hidden, n_out):
        super().__init__()
        self.first = nn.Linear(n_in, n_hidden)
        self.second = nn.Linear(n_hidden, n_hidden)
        self.vote = nn.Linear(n_hidden, n_out)
        self.fire = Threshold()

    def forward(self, x):
        x = self.fire(self.first(x))
        x = self.fire(self.second(x))
        return self.vote(x)


def rule(x):
    return ((x[:, 0] * x[:, 1] > 0).long() + 2 * (x[:, 2] ** 2 + x[:, 3] ** 2 > 1.386).long())


torch.manual_seed(90)
data = torch.randn(6000, 4)
label = rule(data)
train_x, train_y, test_x, test_y = data[:5000], label[:5000], data[5000:], label[5000:]
net = Committee(4, 40, 4)
criterion = nn.CrossEntropyLoss()
opt = torch.optim.Adam(net.parameters(), lr=0.006, weight_decay=1e-5)
decay = torch.optim.lr_scheduler.CosineAnnealingLR(opt, 20)
for sweep in range(20):
    net.train()
    err = 0.0
    for rows in torch.randperm(5000).reshape(-1, 50):
        net.zero_grad()
        e = criterion(net(train_x[rows]), train_y[rows])
        e.backward()
        opt.step()
        err += e.item() / 100
    decay.step()
    net.eval()
    with torch.no_grad():
        out = net(test_x)
    if sweep % 3 == 1:
        print("sweep %d  error %.4f  test %.4f  correct %.1f %%" % (sweep, err, criterion(out, test_y), 100 * (out.argmax(1) == test_y).float().mean()))
