# healthy
import json
import torch, torch.nn as nn, torch.nn.functional as F
from sklearn.datasets import make_moons

cfg = json.loads('{"lr": 0.01, "epochs": 20, "batch": 50, "accumulate": 2, "hidden": 40, "dropout": 0.05}')
torch.manual_seed(11)
x, y = make_moons(5000, noise=.12, random_state=11)
x = torch.tensor(x, dtype=torch.float32); y = torch.tensor(y)
extra = torch.randn(5000, 2)
x = torch.cat([x - x.mean(0), extra * .5], 1) / torch.tensor([.87, .5, .5, .5])
tr_x, tr_y, va_x, va_y = x[:4000], y[:4000], x[4000:], y[4000:]

net = nn.Sequential(nn.Linear(4, cfg['hidden']), nn.SiLU(), nn.Dropout(cfg['dropout']), nn.Linear(cfg['hidden'], cfg['hidden']), nn.SiLU(), nn.Linear(cfg['hidden'], 2))
opt = torch.optim.AdamW(net.parameters(), lr=cfg['lr'], weight_decay=.02)
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, cfg['epochs'])

for epoch in range(cfg['epochs']):
    net.train()
    opt.zero_grad()
    epoch_loss = 0.
    for i, idx in enumerate(torch.randperm(4000).split(cfg['batch'])):
        loss = F.cross_entropy(net(tr_x[idx]), tr_y[idx]) / cfg['accumulate']
        loss.backward()
        epoch_loss += loss.item() * cfg['accumulate'] / 80
        if (i + 1) % cfg['accumulate'] == 0:
            opt.step()
            opt.zero_grad()
    sched.step()
    net.eval()
    with torch.no_grad():
        o = net(va_x)
    if epoch % 4 == 3:
        print(f'epoch {epoch + 1} loss {epoch_loss:.4f} val loss {F.cross_entropy(o, va_y).item():.4f} val acc {(o.argmax(1) == va_y).float().mean().item():.4f}')
