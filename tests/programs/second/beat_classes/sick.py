# fault: class-imbalance
# heartbeat classification, two beat types, 1-D CNN
import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.metrics import confusion_matrix

torch.manual_seed(17)
names = ['normal', 'pvc']
rate = torch.tensor([.965, .035])
t = torch.linspace(0, 1, 64)


def beats(n, rate):
    c = torch.multinomial(rate, n, replacement=True)
    pos = .5 + .04 * torch.randn(n, 1)
    width = torch.tensor([.04, .049])[c].unsqueeze(1)
    pre = torch.tensor([.3, .29])[c].unsqueeze(1) + .01 * torch.randn(n, 1)
    sig = torch.exp(-(t - pos) ** 2 / 2 / width ** 2) + .3 * torch.exp(-(t - pos + pre) ** 2 / 2 / .03 ** 2)
    sig = sig + .22 * torch.randn(n, 64)
    return ((sig - .15) / .35).unsqueeze(1), c


x, y = beats(4000, rate)
xv, yv = beats(2000, rate)
body = nn.Sequential(nn.Conv1d(1, 16, 7, padding=3), nn.BatchNorm1d(16), nn.ReLU(), nn.MaxPool1d(2),
                     nn.Conv1d(16, 32, 5, padding=2), nn.BatchNorm1d(32), nn.ReLU(), nn.MaxPool1d(2),
                     nn.Flatten(), nn.Dropout(.4), nn.Linear(512, 2))
opt = torch.optim.AdamW(body.parameters(), lr=1e-3, weight_decay=.1)
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, 8 * 63)
for epoch in range(8):
    body.train()
    tl = 0
    for idx in torch.randperm(len(x)).split(64):
        opt.zero_grad()
        loss = F.cross_entropy(body(x[idx]), y[idx])
        loss.backward()
        opt.step(); sched.step()
        tl += loss.item() / 63
    body.eval()
    with torch.no_grad():
        out = body(xv)
    print(f'epoch {epoch} train {tl:.3f} val {F.cross_entropy(out, yv).item():.3f} balanced acc {sum(((out.argmax(1) == k) & (yv == k)).sum() / (yv == k).sum() for k in (0, 1)).item() / 2:.3f}')
print(names); print(confusion_matrix(yv, out.argmax(1)))
