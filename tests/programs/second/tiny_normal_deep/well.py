# healthy
"""Surrogate of a thin-film reflectance solver: 8 layer thicknesses -> reflectance at 3 wavelengths."""
import math
import torch
import torch.nn as nn


def reflectance(d):
    out = []
    for lam in (0.9, 1.3, 1.8):
        phase = torch.cumsum(d * torch.tensor([1.0, .8] * 4), 1) / lam
        out.append((torch.cos(phase) * torch.tensor([.5 ** k for k in range(8)])).sum(1))
    return torch.stack(out, 1)


def init_weights(module):
    if isinstance(module, nn.Linear):
        nn.init.kaiming_normal_(module.weight, nonlinearity='relu')
        if module.bias is not None:
            module.bias.data.zero_()


class Surrogate(nn.Module):
    def __init__(self, depth=7, width=64):
        super().__init__()
        blocks = [nn.Linear(8, width), nn.ReLU()]
        for _ in range(depth - 1):
            blocks.extend([nn.Linear(width, width), nn.ReLU()])
        blocks.append(nn.Linear(width, 3))
        self.net = nn.Sequential(*blocks)
        self.apply(init_weights)

    def forward(self, d):
        return self.net(d)


torch.manual_seed(6)
d = torch.rand(8000, 8)
R = reflectance(d)
d = (d - .5) * math.sqrt(12)
R = (R - R.mean(0)) / R.std(0)
train_d, test_d, train_R, test_R = d[:7000], d[7000:], R[:7000], R[7000:]
model = Surrogate()
opt = torch.optim.SGD(model.parameters(), lr=.02, momentum=.9)
N_EPOCH = 15
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, N_EPOCH)
mse = nn.MSELoss()
for epoch in range(N_EPOCH):
    model.train()
    run = 0.
    for b in torch.randperm(7000).split(70):
        opt.zero_grad()
        loss = mse(model(train_d[b]), train_R[b])
        loss.backward()
        opt.step()
        run += loss.item() / 100
    sched.step()
    model.eval()
    with torch.no_grad():
        print(f'{epoch:3d}  train {run:.4f}  test {mse(model(test_d), test_R).item():.4f}')
