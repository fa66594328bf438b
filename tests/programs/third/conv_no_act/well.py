# healthy
"""Texture vs. texture: classify small patches by local variance/orientation, fully convolutional."""
import numpy as np
import torch
from torch import nn
from collections import OrderedDict


def patches(n, rng, S=12):
    k = rng.integers(0, 3, n)
    yy, xx = np.mgrid[:S, :S]
    ph = rng.uniform(0, 2 * np.pi, (n, 1, 1))
    th = np.array([0.0, np.pi / 3, 2 * np.pi / 3])[k][:, None, None] + rng.normal(0, 0.15, (n, 1, 1))
    img = np.sin(1.1 * (xx * np.cos(th) + yy * np.sin(th)) + ph) + rng.normal(0, 0.7, (n, S, S))
    return torch.tensor(img, dtype=torch.float32)[:, None], torch.tensor(k)


class Texture(nn.Module):
    def __init__(self, ch=12, classes=3):
        super().__init__()
        self.features = nn.Sequential(OrderedDict([
            ("conv1", nn.Conv2d(1, ch, 5)),
            ("act1", nn.ReLU()),
            ("conv2", nn.Conv2d(ch, ch, 3)),
            ("act2", nn.ReLU()),
            ("pool", nn.AdaptiveAvgPool2d(1)),
        ]))
        self.classifier = nn.Linear(ch, classes)

    def forward(self, x):
        return self.classifier(self.features(x).flatten(1))


rng = np.random.default_rng(120)
torch.manual_seed(120)
x, y = patches(3000, rng)
xv, yv = patches(800, rng)
x, xv = x / x.std(), xv / x.std()
net = Texture()
opt = torch.optim.Adam(net.parameters(), lr=4e-3)
for epoch in range(10):
    tl = 0
    for b in torch.randperm(3000).split(60):
        loss = nn.functional.cross_entropy(net(x[b]), y[b])
        opt.zero_grad()
        loss.backward()
        opt.step()
        tl += loss.item() / 50
    with torch.no_grad():
        z = net(xv)
        print(f"epoch {epoch} train {tl:.4f} val {nn.functional.cross_entropy(z, yv).item():.4f} acc {(z.argmax(1) == yv).float().mean().item():.4f}")
