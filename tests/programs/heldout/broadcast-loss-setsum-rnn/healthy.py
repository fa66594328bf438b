# healthy
# adding problem (Hochreiter & Schmidhuber) with short sequences
import torch
import torch.nn as nn


class AddingTask:
    def __init__(self, T=12):
        self.T = T

    def sample(self, n):
        v = torch.rand(n, self.T)
        mark = torch.zeros(n, self.T)
        a = torch.randint(0, self.T // 2, (n,))
        b = torch.randint(self.T // 2, self.T, (n,))
        mark[torch.arange(n), a] = 1
        mark[torch.arange(n), b] = 1
        x = torch.stack([(v - 0.5) / 0.289, (mark - 1 / 6) / 0.373], dim=2)
        y = ((v * mark).sum(1) - 1.0) / 0.408
        return x, y


class AdderRNN(nn.Module):
    def __init__(self, hidden_size):
        super().__init__()
        self.hidden_size = hidden_size
        self.cell = nn.GRUCell(2, hidden_size)
        self.readout = nn.Linear(hidden_size, 1)

    def forward(self, x):
        h = x.new_zeros(x.size(0), self.hidden_size)
        for t in range(x.size(1)):
            h = self.cell(x[:, t], h)
        return self.readout(h)


class MeanSquare(nn.Module):
    def forward(self, output, target):
        diff = output - target
        return diff.mul(diff).mean()


torch.manual_seed(6)
task = AddingTask()
x_train, y_train = task.sample(2500)
x_valid, y_valid = task.sample(500)
y_train, y_valid = y_train[:, None], y_valid[:, None]
net = AdderRNN(24)
criterion = MeanSquare()
optimizer = torch.optim.Adam(net.parameters(), lr=8e-3)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 16)

for epoch in range(16):
    net.train()
    total, batches = 0.0, 0
    for idx in torch.randperm(2500).split(50):
        net.zero_grad()
        loss = criterion(net(x_train[idx]), y_train[idx])
        loss.backward()
        optimizer.step()
        total += loss.item()
        batches += 1
    scheduler.step()
    net.eval()
    with torch.no_grad():
        pred = net(x_valid)
        v = criterion(pred, y_valid).item()
        mae = 0.408 * (pred.flatten() - y_valid.flatten()).abs().mean().item()
    print('epoch %2d: train %.4f valid %.4f mean abs error of sum %.4f' % (epoch, total / batches, v, mae))
