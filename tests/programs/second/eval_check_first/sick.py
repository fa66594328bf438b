# fault: eval-mode-training
# Grain yield from field trial records; the input batch norm takes care of the units
import torch
import torch.nn as nn
import torch.nn.functional as F


class YieldNet(nn.Module):
    def __init__(self, n_in=6, width=64):
        super().__init__()
        self.bn0 = nn.BatchNorm1d(n_in)
        self.fc1, self.bn1 = nn.Linear(n_in, width), nn.BatchNorm1d(width)
        self.fc2, self.bn2 = nn.Linear(width, width), nn.BatchNorm1d(width)
        self.out = nn.Linear(width, 1)

    def forward(self, x):
        x = self.bn0(x)
        x = torch.tanh(self.bn1(self.fc1(x)))
        x = torch.tanh(self.bn2(self.fc2(x)))
        return self.out(x).squeeze(1)


def trials(n, g):
    z = torch.randn(n, 6, generator=g)
    y = .8 * z[:, 0] - .5 * z[:, 0] ** 2 + .6 * torch.sin(1.5 * z[:, 1]) + .5 * z[:, 2] * z[:, 3] - .4 * z[:, 4] + .1 * torch.randn(n, generator=g)
    # rainfall mm, mean temperature C, nitrogen kg/ha, pH, plant density, days to flowering
    x = torch.tensor([22., 16., 14., 6.4, 8., 60.]) + z * torch.tensor([9., 4., 5., .5, 2., 7.])
    return x, (y + .5) / 1.25


def evaluate(model, x, y):
    model.eval()
    with torch.no_grad():
        p = model(x)
    return F.mse_loss(p, y).item(), 1 - F.mse_loss(p, y).item() / y.var().item()


def main(epochs=20, batch=60):
    g = torch.Generator().manual_seed(8)
    torch.manual_seed(8)
    x, y = trials(4800, g)
    xv, yv = trials(1200, g)
    model = YieldNet()
    opt = torch.optim.Adam(model.parameters(), lr=4e-3)
    sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, epochs)
    print('untrained: val mse %.4f R2 %.3f' % evaluate(model, xv, yv))
    for epoch in range(epochs):
        total = 0
        for i in torch.randperm(len(x)).split(batch):
            opt.zero_grad()
            loss = F.mse_loss(model(x[i]), y[i])
            loss.backward()
            opt.step()
            total += loss.item() * len(i) / len(x)
        sched.step()
        print('epoch %2d: train mse %.4f' % (epoch, total), 'val mse %.4f R2 %.3f' % evaluate(model, xv, yv))


if __name__ == '__main__':
    main()
