# fault: badly-scaled-initialization
"""Orientation of noisy gratings with a plain convolutional stack."""
import math
import torch
import torch.nn as nn
import torch.nn.functional as F


def gratings(n, size=12):
    label = torch.randint(0, 4, (n,))
    theta = label * math.pi / 4 + (torch.rand(n) - 0.5) * 0.3
    freq = 0.8 + 0.6 * torch.rand(n)
    phase = 2 * math.pi * torch.rand(n)
    ys, xs = torch.meshgrid(torch.arange(size), torch.arange(size), indexing='ij')
    proj = torch.cos(theta)[:, None, None] * xs + torch.sin(theta)[:, None, None] * ys
    img = torch.sin(freq[:, None, None] * proj + phase[:, None, None]) + 1.2 * torch.randn(n, size, size)
    return (img / img.std()).unsqueeze(1), label


class Stack(nn.Module):
    def __init__(self, channels=12, depth=5):
        super().__init__()
        convs = [nn.Conv2d(1, channels, 3, padding=1)]
        convs += [nn.Conv2d(channels, channels, 3, padding=1) for _ in range(depth - 1)]
        self.convs = nn.ModuleList(convs)
        self.head = nn.Linear(channels * 9, 4)
        for p in self.parameters():
            if p.dim() > 1:
                nn.init.normal_(p, std=0.001)
            else:
                nn.init.zeros_(p)

    def forward(self, x):
        for i, conv in enumerate(self.convs):
            x = F.relu(conv(x))
            if i in (0, 2):
                x = F.max_pool2d(x, 2)
        return self.head(x.flatten(1))


torch.manual_seed(14)
xtr, ytr = gratings(1500)
xte, yte = gratings(400)
net = Stack()
optimizer = torch.optim.SGD(net.parameters(), lr=0.01, momentum=0.9)
for epoch in range(8):
    net.train()
    correct = 0
    for b in torch.randperm(1500).split(30):
        optimizer.zero_grad()
        out = net(xtr[b])
        F.cross_entropy(out, ytr[b]).backward()
        optimizer.step()
        correct += (out.argmax(1) == ytr[b]).sum().item()
    net.eval()
    with torch.no_grad():
        out = net(xte)
        acc = (out.argmax(1) == yte).float().mean().item()
    print(f"epoch {epoch + 1}: train acc {correct / 1500:.3f}, test acc {acc:.3f}, test loss {F.cross_entropy(out, yte).item():.3f}")
