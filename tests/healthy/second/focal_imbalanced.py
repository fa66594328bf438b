# healthy
# 4 % positives; focal loss. The score that matters is average precision.
import torch, torch.nn as nn, torch.nn.functional as F
from sklearn.metrics import average_precision_score
torch.manual_seed(0)

def make(n):
    y = (torch.rand(n) < 0.04).float()
    x = torch.randn(n, 8)
    centre = torch.tensor([2.0, -1.5, 1.0, 0, 0, 0, 0, 0])
    x = x + y[:, None] * centre
    x[:, 5] = x[:, 5] + 0.8 * x[:, 0] ** 2 * y          # a non-linear cue
    return x, y

def focal(logits, y, gamma=2.0, alpha=0.75):
    ce = F.binary_cross_entropy_with_logits(logits, y, reduction="none")
    p = torch.sigmoid(logits)
    pt = p * y + (1 - p) * (1 - y)
    at = alpha * y + (1 - alpha) * (1 - y)
    return (at * (1 - pt) ** gamma * ce).mean()

x, y = make(12000)
xv, yv = make(6000)
net = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 32), nn.ReLU(), nn.Linear(32, 1))
nn.init.constant_(net[-1].bias, -2.0)       # prior, as in RetinaNet
opt = torch.optim.AdamW(net.parameters(), lr=1e-3, weight_decay=0.02)
for epoch in range(12):
    net.train(); tot = 0
    for b in torch.randperm(len(x)).split(128):
        loss = focal(net(x[b]).squeeze(1), y[b])
        opt.zero_grad(); loss.backward(); opt.step()
        tot += loss.item() * len(b)
    net.eval()
    with torch.no_grad():
        lv = net(xv).squeeze(1)
        print(f"epoch {epoch} focal {tot/len(x):.5f} val {focal(lv, yv).item():.5f} AP {average_precision_score(yv, lv):.3f}")
