# healthy
"""Residual MLP, 8 blocks; the last layer of each block starts at zero so the net starts as the identity. RMSNorm-free."""
import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)


class Block(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.norm = nn.LayerNorm(d)
        self.up, self.down = nn.Linear(d, 2 * d), nn.Linear(2 * d, d)
        nn.init.zeros_(self.down.weight)
        nn.init.zeros_(self.down.bias)

    def forward(self, x):
        return x + self.down(torch.relu(self.up(self.norm(x))))


class ResMLP(nn.Module):
    def __init__(self, d_in, d=32, depth=8):
        super().__init__()
        self.stem = nn.Linear(d_in, d)
        self.blocks = nn.Sequential(*(Block(d) for _ in range(depth)))
        self.head = nn.Linear(d, 1)

    def forward(self, x):
        return self.head(self.blocks(self.stem(x))).squeeze(-1)


def f(x):
    return torch.sin(2 * x[:, 0]) * x[:, 1] + 0.5 * (x[:, 2] * x[:, 3]) + torch.abs(x[:, 4])


X, Xv = torch.randn(8000, 6), torch.randn(2000, 6)
y, yv = f(X) + 0.15 * torch.randn(8000), f(Xv) + 0.15 * torch.randn(2000)
loader = DataLoader(TensorDataset(X, y), batch_size=128, shuffle=True, drop_last=True)
net = ResMLP(6)
opt = torch.optim.AdamW(net.parameters(), lr=2e-3, weight_decay=1e-2)
EPOCHS = 12
sched = torch.optim.lr_scheduler.OneCycleLR(opt, 4e-3, epochs=EPOCHS, steps_per_epoch=len(loader))
for epoch in range(EPOCHS):
    net.train()
    t = 0
    for a, b in loader:
        loss = nn.functional.mse_loss(net(a), b)
        opt.zero_grad()
        loss.backward()
        opt.step()
        sched.step()
        t += loss.item() / len(loader)
    net.eval()
    with torch.no_grad():
        v = nn.functional.mse_loss(net(Xv), yv).item()
    print(f"epoch {epoch + 1:2d} train {t:.4f} val {v:.4f} R2 {1 - v / yv.var().item():.3f}")
