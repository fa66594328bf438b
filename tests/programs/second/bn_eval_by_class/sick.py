# fault: train-mode-evaluation
"""Bearing condition monitoring. Validation goes machine by machine (one condition each)."""
import numpy as np
import torch
from torch import nn
from torch.utils.data import Dataset, DataLoader

CONDITIONS = ['healthy', 'inner race', 'outer race', 'ball', 'cage']


class Vibration(Dataset):
    def __init__(self, n, rng, condition=None):
        self.y = rng.integers(0, 5, n) if condition is None else np.full(n, condition)
        t = np.arange(128) / 128
        carrier = np.sin(2 * np.pi * (30 * t + rng.random((n, 1))))
        rate = np.array([0, 5, 8, 12, 2])[self.y][:, None]
        depth = np.array([0, .9, .8, .9, .7])[self.y][:, None]
        amp = np.array([.8, 1.1, 1.0, .9, .9])[self.y][:, None]
        x = amp * carrier * (1 + depth * np.sin(2 * np.pi * (rate * t + rng.random((n, 1))))) + .35 * rng.normal(size=(n, 128))
        self.x = (x / .85).astype(np.float32)[:, None]

    def __len__(self):
        return len(self.y)

    def __getitem__(self, i):
        return {'signal': self.x[i], 'condition': int(self.y[i])}


class Net(nn.Module):
    def __init__(self, w=16):
        super().__init__()
        self.encoder = nn.Sequential(
            nn.Conv1d(1, w, 9, stride=2, padding=4, bias=False), nn.BatchNorm1d(w), nn.ReLU(),
            nn.Conv1d(w, 2 * w, 9, stride=2, padding=4, bias=False), nn.BatchNorm1d(2 * w), nn.ReLU(),
            nn.Conv1d(2 * w, 2 * w, 9, stride=2, padding=4, bias=False), nn.BatchNorm1d(2 * w), nn.ReLU())
        self.classifier = nn.Linear(4 * w, 5)

    def forward(self, signal):
        h = self.encoder(signal)
        return self.classifier(torch.cat([h.mean(2), h.amax(2)], 1))


rng = np.random.default_rng(0)
torch.manual_seed(0)
train = DataLoader(Vibration(2500, rng), 50, shuffle=True)
machines = [DataLoader(Vibration(120, rng, c), 120) for c in range(5)]
net, ce, EPOCHS = Net(), nn.CrossEntropyLoss(), 7
opt = torch.optim.AdamW(net.parameters(), 2e-3, weight_decay=.05)
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, EPOCHS)
for epoch in range(EPOCHS):
    net.train()
    tl = 0
    for b in train:
        opt.zero_grad()
        loss = ce(net(b['signal']), b['condition'])
        loss.backward()
        opt.step()
        tl += loss.item() / len(train)
    sched.step()
    per, vl = [], 0
    with torch.no_grad():
        for loader in machines:
            for b in loader:
                out = net(b['signal'])
                vl += ce(out, b['condition']).item() / 5
                per.append((out.argmax(1) == b['condition']).float().mean().item())
    print(f'epoch {epoch} train {tl:.3f} val {vl:.3f} mean acc {np.mean(per):.3f} ' + ' '.join(f'{c}={p:.2f}' for c, p in zip(CONDITIONS, per)))
