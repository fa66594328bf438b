# healthy
"""Spectrogram encoder + classifier.  The encoder's features are normalised before the head."""
import numpy as np
import torch
import torch.nn as nn


class Encoder(nn.Module):
    def __init__(self, out=8):
        super().__init__()
        self.conv = nn.Sequential(nn.Conv2d(1, 8, 3, stride=2, padding=1), nn.ReLU(), nn.Conv2d(8, 16, 3, stride=2, padding=1), nn.ReLU())
        self.proj = nn.Linear(16 * 16, out)

    def forward(self, x):
        return self.proj(self.conv(x).flatten(1))


class Head(nn.Module):
    def __init__(self, n_in=8, n_out=6):
        super().__init__()
        self.fc = nn.Linear(n_in, n_out)

    def forward(self, z):
        return self.fc(z)


def normalise(z):
    return z / z.norm(dim=1, keepdim=True).clamp_min(1e-6) * z.shape[1] ** .5


def spectrogram(n, rng):
    """six chirp patterns: up/down slope x three speeds, random start"""
    y = rng.integers(0, 6, n)
    t, f = np.meshgrid(np.arange(16), np.arange(16))
    slope = np.array([.4, .8, 1.4, -.4, -.8, -1.4])[y][:, None, None]
    centre = 7.5 + rng.normal(0, 1.2, n)[:, None, None]
    s = np.exp(-((f - centre) - slope * (t - 7.5)) ** 2 / 2) + rng.normal(0, .35, (n, 16, 16))
    s = (s - .15) / .45
    return torch.tensor(s, dtype=torch.float32).unsqueeze(1), torch.tensor(y)


rng = np.random.default_rng(14)
torch.manual_seed(14)
x, y = spectrogram(3600, rng)
xv, yv = spectrogram(1000, rng)
enc, head = Encoder(), Head()
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.AdamW(list(enc.parameters()) + list(head.parameters()), lr=2e-3, weight_decay=.02)
scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, 4e-3, total_steps=10 * 60)
for epoch in range(10):
    enc.train(); head.train()
    losses = []
    for b in torch.randperm(3600).split(60):
        optimizer.zero_grad()
        loss = criterion(head(normalise(enc(x[b]))), y[b])
        loss.backward()
        optimizer.step()
        scheduler.step()
        losses.append(loss.item())
    enc.eval(); head.eval()
    with torch.no_grad():
        o = head(normalise(enc(xv)))
    print(f"epoch {epoch}: train {np.mean(losses):.4f} val {criterion(o, yv).item():.4f} acc {(o.argmax(1) == yv).float().mean().item():.3f}")
