# healthy
import argparse
import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset, random_split

ap = argparse.ArgumentParser(description='Tomato leaf disease from colour histograms')
ap.add_argument('--lr', type=float, default=0.1)
ap.add_argument('--epochs', type=int, default=20)
ap.add_argument('--bs', type=int, default=64)
ap.add_argument('--seed', type=int, default=0)
args = ap.parse_args()
torch.manual_seed(args.seed)


def histograms(n, k=6, bins=24):
    proto = torch.rand(k, bins) * .7 + .3
    y = torch.randint(0, k, (n,))
    h = torch._standard_gamma(proto[y] * 6)
    h = h / h.sum(1, keepdim=True)
    h = (h - h.mean(0)) / h.std(0)
    return TensorDataset(h, y)


full = histograms(4200)
tr, te = random_split(full, [3400, 800])
dl_tr, dl_te = DataLoader(tr, args.bs, shuffle=True), DataLoader(te, 400)
net = nn.Sequential(nn.Linear(24, 64), nn.ReLU(), nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 6))
opt = torch.optim.SGD(net.parameters(), lr=args.lr, weight_decay=2e-3)
sched = torch.optim.lr_scheduler.StepLR(opt, 8, .3)
ce = nn.CrossEntropyLoss()
for ep in range(args.epochs):
    net.train()
    tl = 0
    for x, y in dl_tr:
        opt.zero_grad()
        loss = ce(net(x), y)
        loss.backward()
        opt.step()
        tl += loss.item() / len(dl_tr)
    sched.step()
    net.eval()
    with torch.no_grad():
        r = [(ce(net(x), y).item(), (net(x).argmax(1) == y).float().mean().item()) for x, y in dl_te]
    print(f'epoch {ep} lr {opt.param_groups[0]["lr"]:.3g} train {tl:.4f} test {sum(a for a, _ in r) / 2:.4f} acc {sum(b for _, b in r) / 2:.3f}')
