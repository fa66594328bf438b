# fault: unscaled-inputs
"""Six-hour pressure tendency from one day of hourly station records."""
import numpy as np
import torch
from torch import nn
from torch.utils.data import TensorDataset, DataLoader

rng = np.random.default_rng(7)
torch.manual_seed(7)

HOURS = 24
LEAD = 6


def station(n_hours):
    # passing lows: a slow damped oscillator kicked by noise, in pascal
    p = np.zeros(n_hours)
    v = 0.0
    for t in range(1, n_hours):
        v = 0.97 * v - 0.008 * p[t - 1] + rng.normal(0, 6.0)
        p[t] = p[t - 1] + v
    temp = 288.0 + 5.0 * np.sin(2 * np.pi * np.arange(n_hours) / 24) - 0.004 * p + rng.normal(0, 0.3, n_hours)
    return np.stack([101325.0 + p, temp], axis=1)


def windows(rec, step=3):
    xs, ys = [], []
    for s in range(0, len(rec) - HOURS - LEAD, step):
        xs.append(rec[s:s + HOURS])
        ys.append(rec[s + HOURS + LEAD - 1, 0] - rec[s + HOURS - 1, 0])
    return np.array(xs), np.array(ys)


x_tr, y_tr = windows(station(6000))
x_va, y_va = windows(station(2000))
y_scale = y_tr.std()
to = lambda a: torch.tensor(a, dtype=torch.float32)
train = TensorDataset(to(x_tr), to(y_tr / y_scale).unsqueeze(1))
valid = TensorDataset(to(x_va), to(y_va / y_scale).unsqueeze(1))


class Tendency(nn.Module):
    def __init__(self, n_feat=2, hidden=24):
        super().__init__()
        self.rnn = nn.GRU(n_feat, hidden, batch_first=True)
        self.out = nn.Linear(hidden, 1)

    def forward(self, x):
        h, _ = self.rnn(x)
        return self.out(h[:, -1])


model = Tendency()
opt = torch.optim.Adam(model.parameters(), lr=4e-3)
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, 14)
mse = nn.MSELoss()
for epoch in range(14):
    model.train()
    acc = 0.0
    for xb, yb in DataLoader(train, batch_size=64, shuffle=True):
        opt.zero_grad()
        loss = mse(model(xb), yb)
        loss.backward()
        opt.step()
        acc += loss.item() * len(xb)
    sched.step()
    model.eval()
    with torch.no_grad():
        xv, yv = valid.tensors
        v = mse(model(xv), yv).item()
    print(f"epoch {epoch:2d}  train {acc / len(train):.4f}  valid {v:.4f}  (persistence {yv.pow(2).mean():.3f})")
