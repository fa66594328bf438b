# healthy: DenseNet-like concatenation, pre-activation order BN-ReLU-conv; each layer adds only 6 channels
import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import load_digits
from torch.utils.data import DataLoader, TensorDataset


class DenseLayer(nn.Module):
    def __init__(self, cin, growth):
        super().__init__()
        self.norm = nn.BatchNorm2d(cin)
        self.conv = nn.Conv2d(cin, growth, 3, padding=1, bias=False)

    def forward(self, x):
        return torch.cat([x, self.conv(F.relu(self.norm(x)))], 1)


class DenseNet(nn.Module):
    def __init__(self, growth=6, layers=4):
        super().__init__()
        c = 12
        mods = [nn.Conv2d(1, c, 3, padding=1, bias=False)]
        for stage in range(2):
            for _ in range(layers):
                mods.append(DenseLayer(c, growth))
                c += growth
            if stage == 0:
                mods += [nn.BatchNorm2d(c), nn.ReLU(), nn.Conv2d(c, c // 2, 1, bias=False), nn.AvgPool2d(2)]
                c //= 2
        mods += [nn.BatchNorm2d(c), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(c, 10)]
        self.net = nn.Sequential(*mods)

    def forward(self, x):
        return self.net(x)


if __name__ == "__main__":
    torch.manual_seed(0)
    d = load_digits()
    x, y = torch.tensor(d.images, dtype=torch.float32)[:, None] / 16, torch.tensor(d.target)
    p = torch.randperm(len(x))
    tr = DataLoader(TensorDataset(x[p[:1400]], y[p[:1400]]), 50, shuffle=True, drop_last=True)
    xv, yv = x[p[1400:]], y[p[1400:]]
    net = DenseNet()
    opt = torch.optim.AdamW(net.parameters(), lr=3e-3, weight_decay=0.01)
    E = 5
    sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, E * len(tr))
    for ep in range(E):
        net.train()
        tot = 0.0
        for xb, yb in tr:
            opt.zero_grad()
            l = F.cross_entropy(net(xb), yb)
            l.backward()
            opt.step()
            sched.step()
            tot += l.item()
        net.eval()
        with torch.no_grad():
            o = net(xv)
        print(f"epoch={ep} train_loss={tot / len(tr):.4f} val_loss={F.cross_entropy(o, yv):.4f} val_acc={(o.argmax(1) == yv).float().mean():.4f}")
