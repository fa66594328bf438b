# healthy: Huber loss on data with a few outlying targets; per-batch loss is jumpy because of them
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset, random_split

torch.manual_seed(11)


class Noisy(Dataset):
    def __init__(self, n=1600):
        self.x = torch.randn(n, 5)
        clean = torch.tanh(self.x[:, 0]) + 0.5 * self.x[:, 1] * self.x[:, 2].sigmoid() - 0.3 * self.x[:, 3].abs()
        self.clean = clean
        self.y = clean + 0.05 * torch.randn(n)
        bad = torch.rand(n) < 0.03
        self.y[bad] += 4 * torch.randn(int(bad.sum()))

    def __len__(self):
        return len(self.x)

    def __getitem__(self, i):
        return self.x[i], self.y[i], self.clean[i]


ds = Noisy()
train_ds, val_ds = random_split(ds, [1300, 300], generator=torch.Generator().manual_seed(0))
train_dl = DataLoader(train_ds, batch_size=50, shuffle=True)
val_dl = DataLoader(val_ds, batch_size=300)
net = nn.Sequential(nn.Linear(5, 64), nn.Tanh(), nn.Linear(64, 64), nn.Tanh(), nn.Linear(64, 1), nn.Flatten(0))
opt = torch.optim.NAdam(net.parameters(), lr=3e-3)
crit = nn.HuberLoss(delta=0.5)
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, 30)
for epoch in range(30):
    net.train()
    tr = 0.0
    for x, y, _ in train_dl:
        opt.zero_grad()
        loss = crit(net(x), y)
        loss.backward()
        opt.step()
        tr += loss.item() * len(x) / len(train_ds)
    sched.step()
    net.eval()
    with torch.no_grad():
        x, y, c = next(iter(val_dl))
        p = net(x)
    if epoch % 5 == 4:
        print(f"{epoch + 1:>3} train huber {tr:.4f} val huber {crit(p, y):.4f} val MAE to clean {(p - c).abs().mean():.4f}")
