# fault: no-optimizer-step
# temporal conv net predicting the next value of a Lorenz coordinate
import numpy as np
import torch
from torch import nn, optim


def lorenz(n, dt=.02):
    s = np.array([1., 1., 1.]); out = []
    for _ in range(n + 500):
        x, y, z = s
        s = s + dt * np.array([10 * (y - x), x * (28 - z) - y, x * y - 8 / 3 * z])
        out.append(s)
    return np.array(out[500:])


series = lorenz(7000)
series = ((series - series.mean(0)) / series.std(0)).astype(np.float32)
W, AHEAD = 16, 8
ins = torch.tensor(np.stack([series[i:i + W] for i in range(len(series) - W - AHEAD)])).transpose(1, 2)
outs = torch.tensor(series[W + AHEAD - 1:-1][:len(ins)])
n = 5400
x, y, xt, yt = ins[:n], outs[:n], ins[n + W + AHEAD:], outs[n + W + AHEAD:]


class TCN(nn.Module):
    def __init__(self, c=24):
        super().__init__()
        self.convs = nn.ModuleList([nn.Conv1d(3, c, 3, dilation=1), nn.Conv1d(c, c, 3, dilation=2), nn.Conv1d(c, c, 3, dilation=4)])
        self.fc = nn.Linear(2 * c, 3)

    def forward(self, h):
        for conv in self.convs:
            h = nn.functional.gelu(conv(h))
        return self.fc(h.flatten(1))


torch.manual_seed(0)
model = TCN()
optimizer = optim.Adam(model.parameters(), lr=3e-3)
scheduler = optim.lr_scheduler.OneCycleLR(optimizer, 5e-3, total_steps=12 * 90)
for epoch in range(12):
    model.train()
    cum = 0
    for i in torch.randperm(n).split(60):
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(model(x[i]), y[i])
        loss.backward()
        scheduler.step()
        cum += loss.item() / 90
    model.eval()
    with torch.no_grad():
        v = nn.functional.mse_loss(model(xt), yt).item()
    print(f'epoch {epoch:2d} lr {scheduler.get_last_lr()[0]:.2e} train {cum:.5f} test {v:.5f}')
