# healthy: multiple-instance learning, softmax attention pooling over the set inside the network; bags mostly of distractors
import torch
import torch.nn as nn
from sklearn.datasets import load_digits

torch.manual_seed(0)
d = load_digits()
imgs, lab = torch.tensor(d.data / 16, dtype=torch.float32), torch.tensor(d.target)


def bags(pool, n, size=6):
    six, other = pool[lab[pool] == 6], pool[lab[pool] != 6]
    y = torch.arange(n) % 2
    idx = other[torch.randint(len(other), (n, size))]
    pick = six[torch.randint(len(six), (n,))]
    idx[torch.arange(n), 0] = torch.where(y == 1, pick, idx[:, 0])
    perm = torch.rand(n, size).argsort(1)
    return imgs[idx.gather(1, perm)], y.float()


class AttentionMIL(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(nn.Linear(64, 48), nn.ReLU())
        self.attention = nn.Sequential(nn.Linear(48, 24), nn.Tanh(), nn.Linear(24, 1))
        self.classifier = nn.Linear(48, 1)

    def forward(self, bag):
        h = self.features(bag)
        a = torch.softmax(self.attention(h), dim=1)
        return self.classifier((a * h).sum(1)).squeeze(1), a


p = torch.randperm(len(imgs))
xt, yt = bags(p[:1400], 3000)
xv, yv = bags(p[1400:], 600)
model, bce = AttentionMIL(), nn.BCEWithLogitsLoss()
opt = torch.optim.Adam(model.parameters(), lr=2e-3, weight_decay=1e-3)
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, 10)
for epoch in range(10):
    model.train()
    tot = 0
    for i in torch.randperm(3000).split(64):
        out, _ = model(xt[i])
        loss = bce(out, yt[i])
        opt.zero_grad()
        loss.backward()
        opt.step()
        tot += loss.item() / 47
    sched.step()
    model.eval()
    with torch.no_grad():
        o, _ = model(xv)
    print(f"epoch {epoch} train {tot:.4f} val {bce(o, yv):.4f} acc {((o > 0) == (yv > 0)).float().mean():.3f}")
