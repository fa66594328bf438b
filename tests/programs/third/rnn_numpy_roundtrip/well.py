# healthy
"""GRU for parity-like counting over event sequences; pooled features are concatenated with static covariates."""
import numpy as np
import torch
from torch import nn


class SeqNet(nn.Module):
    def __init__(self, d_in=4, h=32, d_static=3):
        super().__init__()
        self.gru = nn.GRU(d_in, h, batch_first=True)
        self.mlp = nn.Sequential(nn.Linear(h + d_static, 32), nn.ReLU(), nn.Linear(32, 1))

    def forward(self, seq, static):
        out, _ = self.gru(seq)
        pooled = torch.stack([o[-1] for o in out])
        return self.mlp(torch.cat([pooled, static], dim=1)).squeeze(1)


rs = np.random.RandomState(88)
N, T = 2400, 12
kind = rs.randint(0, 4, (N, T))
seq = np.eye(4, dtype=np.float32)[kind]
static = rs.randn(N, 3).astype(np.float32)
t = np.arange(T)
last0 = np.where((kind == 0).any(1), T - 1 - np.argmax((kind == 0)[:, ::-1], 1), -1)
after = ((kind == 1) & (t[None] > last0[:, None])).sum(1)
target = after + 0.5 * static[:, 0] + 0.1 * rs.randn(N)
target = (target - target.mean()) / target.std()
seq, static, target = map(lambda a: torch.tensor(a, dtype=torch.float32), (seq, static, target))

torch.manual_seed(88)
net = SeqNet()
optimizer = torch.optim.Adam(net.parameters(), lr=3e-3)
lr_sched = torch.optim.lr_scheduler.StepLR(optimizer, step_size=8, gamma=0.3)
criterion = nn.MSELoss()
for epoch in range(16):
    net.train()
    total = 0.0
    for i in torch.randperm(2000).split(50):
        optimizer.zero_grad()
        loss = criterion(net(seq[i], static[i]), target[i])
        loss.backward()
        optimizer.step()
        total += loss.item() / 40
    lr_sched.step()
    net.eval()
    with torch.no_grad():
        v = criterion(net(seq[2000:], static[2000:]), target[2000:]).item()
    print(f"epoch {epoch}: train {total:.4f} val {v:.4f} val_R2 {1 - v / target[2000:].var().item():.4f}")
