# healthy
"""Mnist1D with a residual MLP-mixer-ish conv net."""
import sys
import torch
import torch.nn as nn
from mnist1d.data import make_dataset, get_dataset_args

EPOCHS = int(sys.argv[1]) if len(sys.argv) > 1 else 20
cfg = get_dataset_args(); cfg.num_samples = 5000
d = make_dataset(cfg)
f = lambda a: torch.tensor((a - d['x'].mean()) / d['x'].std(), dtype=torch.float32).unsqueeze(1)
x, y, xt, yt = f(d['x']), torch.tensor(d['y']), f(d['x_test']), torch.tensor(d['y_test'])


class Res(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.f = nn.Sequential(nn.GroupNorm(4, c), nn.GELU(), nn.Conv1d(c, c, 3, padding=1), nn.GroupNorm(4, c), nn.GELU(), nn.Conv1d(c, c, 3, padding=1))

    def forward(self, x):
        return x + self.f(x)


torch.manual_seed(0)
net = nn.Sequential(nn.Conv1d(1, 20, 5, stride=2, padding=2), Res(20), nn.AvgPool1d(2), Res(20), nn.GroupNorm(4, 20), nn.GELU(), nn.Flatten(),
                    nn.Dropout(.4), nn.Linear(200, 10))
opt = torch.optim.AdamW(net.parameters(), lr=2e-3, weight_decay=.1)
steps = EPOCHS * 63
sched = torch.optim.lr_scheduler.OneCycleLR(opt, 4e-3, total_steps=steps)
for ep in range(EPOCHS):
    net.train()
    tl = 0
    for i in torch.randperm(4000).split(64):
        xb = torch.roll(x[i], int(torch.randint(-3, 4, ())), dims=-1)
        loss = nn.functional.cross_entropy(net(xb), y[i])
        opt.zero_grad(); loss.backward(); opt.step(); sched.step()
        tl += loss.item() / 63
    net.eval()
    with torch.no_grad():
        o = net(xt)
    print(f'epoch {ep + 1}/{EPOCHS} train {tl:.3f} test {nn.functional.cross_entropy(o, yt).item():.3f} acc {(o.argmax(1) == yt).float().mean().item():.3f}', flush=True)
