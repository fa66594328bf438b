# healthy
# Images one at a time (as when memory is short): group norm, gradients accumulated over 16 images.
import torch, torch.nn as nn, torch.nn.functional as F
from sklearn.datasets import load_digits
torch.manual_seed(0)
d = load_digits()
X = torch.tensor(d.images, dtype=torch.float32)[:, None] / 16 - 0.3
y = torch.tensor(d.target)
p = torch.randperm(len(y))
tr, te = p[:1100], p[1100:]
ACCUM = 16

net = nn.Sequential(
    nn.Conv2d(1, 16, 3, padding=1, bias=False), nn.GroupNorm(4, 16), nn.ReLU(), nn.MaxPool2d(2),
    nn.Conv2d(16, 32, 3, padding=1, bias=False), nn.GroupNorm(4, 32), nn.ReLU(),
    nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(128, 10))
opt = torch.optim.AdamW(net.parameters(), lr=3e-3, weight_decay=0.01)
EPOCHS = 7
updates = EPOCHS * (len(tr) // ACCUM)
sched = torch.optim.lr_scheduler.OneCycleLR(opt, 8e-3, total_steps=updates + 1)
for epoch in range(EPOCHS):
    net.train(); tot = 0
    order = tr[torch.randperm(len(tr))][: len(tr) // ACCUM * ACCUM]
    for k, i in enumerate(order.tolist()):
        loss = F.cross_entropy(net(X[i:i+1]), y[i:i+1]) / ACCUM
        loss.backward()
        tot += loss.item() * ACCUM
        if (k + 1) % ACCUM == 0:
            opt.step(); opt.zero_grad(); sched.step()
    net.eval()
    with torch.no_grad():
        o = net(X[te])
    print(f"epoch {epoch+1} train {tot/len(order):.4f} test {F.cross_entropy(o, y[te]).item():.4f} acc {(o.argmax(1)==y[te]).float().mean().item():.4f}")
