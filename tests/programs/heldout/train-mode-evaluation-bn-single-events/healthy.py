# healthy
"""Pulse-shape discrimination in a scintillator: gamma, neutron or pile-up."""
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(71)
T = 48
t = torch.arange(T).float()


def pulses(n):
    kind = torch.randint(0, 3, (n,))
    slow = torch.where(kind == 1, 0.30, 0.08).unsqueeze(1) + 0.02 * torch.randn(n, 1)
    t0 = 8 + torch.rand(n, 1) * 4
    shape = lambda s: (t > s) * ((1 - slow) * torch.exp(-(t - s).clamp(min=0) / 3) + slow * torch.exp(-(t - s).clamp(min=0) / 14))
    amp = 1 + 0.3 * torch.rand(n, 1)
    u = amp * shape(t0)
    second = shape(t0 + 8 + 15 * torch.rand(n, 1)) * (0.3 + 0.5 * torch.rand(n, 1))
    u = u + torch.where(kind.unsqueeze(1) == 2, second, torch.zeros_like(second))
    return (u + 0.03 * torch.randn(n, T)).unsqueeze(1), kind


x_tr, k_tr = pulses(1200)
x_va, k_va = pulses(200)
mu, sd = x_tr.mean(), x_tr.std()
train_loader = DataLoader(TensorDataset((x_tr - mu) / sd, k_tr), batch_size=40, shuffle=True)
event_loader = DataLoader(TensorDataset((x_va - mu) / sd, k_va), batch_size=1)

net = nn.Sequential(
    nn.Conv1d(1, 12, 5, padding=2), nn.BatchNorm1d(12), nn.ReLU(), nn.MaxPool1d(2),
    nn.Conv1d(12, 16, 5, padding=2), nn.BatchNorm1d(16), nn.ReLU(),
    nn.AdaptiveAvgPool1d(6), nn.Flatten(), nn.Linear(96, 3),
)
opt = torch.optim.Adam(net.parameters(), lr=1e-3)
ce = nn.CrossEntropyLoss()
for epoch in range(15):
    net.train()
    a = 0.0
    for x, k in train_loader:
        opt.zero_grad()
        loss = ce(net(x), k)
        loss.backward()
        opt.step()
        a += loss.item() * len(k) / 1200
    net.eval()
    with torch.no_grad():
        b, good = 0.0, 0
        for x, k in event_loader:
            o = net(x)
            b += ce(o, k).item() / 200
            good += (o.argmax(1) == k).sum().item()
    print(f"epoch {epoch + 1:2d}  train {a:.4f}  events {b:.4f}  identified {good / 200:.3f}")
