# healthy: gradient checkpointing: every block's forward runs twice per step; in-place ReLU
import torch
import torch.nn as nn
import torch.utils.checkpoint as cp
from sklearn.datasets import load_digits

torch.manual_seed(0)


class Block(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.f = nn.Sequential(nn.LayerNorm(d), nn.Linear(d, 2 * d), nn.ReLU(inplace=True), nn.Linear(2 * d, d))

    def forward(self, x):
        return x + self.f(x)


class Net(nn.Module):
    def __init__(self, d=48, depth=4):
        super().__init__()
        self.stem = nn.Linear(64, d)
        self.blocks = nn.ModuleList([Block(d) for _ in range(depth)])
        self.head = nn.Sequential(nn.LayerNorm(d), nn.Linear(d, 10))

    def forward(self, x):
        x = self.stem(x)
        for b in self.blocks:
            x = cp.checkpoint(b, x, use_reentrant=False) if self.training else b(x)
        return self.head(x)


d = load_digits()
x, y = torch.tensor(d.data / 16 * 2 - 1).float(), torch.tensor(d.target)
p = torch.randperm(len(x))
x, y = x[p], y[p]
model = Net()
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.05)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 8)
criterion = nn.CrossEntropyLoss()
for epoch in range(8):
    model.train()
    for idx in torch.randperm(1400).split(50):
        optimizer.zero_grad()
        loss = criterion(model(x[idx]), y[idx])
        loss.backward()
        optimizer.step()
    scheduler.step()
    model.eval()
    with torch.inference_mode():
        o = model(x[1400:])
        print(f"epoch {epoch}: loss {loss.item():.4f} val_loss {criterion(o, y[1400:]).item():.4f} val_acc {(o.argmax(1) == y[1400:]).float().mean().item():.4f}")
