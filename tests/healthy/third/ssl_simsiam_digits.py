# healthy
# SimSiam with a stop-gradient, then a linear probe on frozen features
import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import load_digits

torch.manual_seed(0)
d = load_digits()
X = torch.tensor(d.data, dtype=torch.float32) / 16
y = torch.tensor(d.target)
perm = torch.randperm(len(X))
X, y = X[perm], y[perm]


def augment(x):
    return (x + 0.15 * torch.randn_like(x)) * (torch.rand_like(x) > 0.15)


class SimSiam(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(
            nn.Linear(64, 128), nn.BatchNorm1d(128), nn.ReLU(),
            nn.Linear(128, 64), nn.BatchNorm1d(64, affine=False),
        )
        self.predictor = nn.Sequential(nn.Linear(64, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Linear(16, 64))

    def forward(self, a, b):
        za, zb = self.encoder(a), self.encoder(b)
        pa, pb = self.predictor(za), self.predictor(zb)
        return -(F.cosine_similarity(pa, zb.detach()).mean() + F.cosine_similarity(pb, za.detach()).mean()) / 2


model = SimSiam()
opt = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9, weight_decay=1e-4)
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, 15)
for epoch in range(15):
    for b in torch.randperm(1400).split(128)[:-1]:
        loss = model(augment(X[b]), augment(X[b]))
        opt.zero_grad()
        loss.backward()
        opt.step()
    sched.step()
    print(f"ssl epoch {epoch} loss {loss.item():.4f}")

model.eval()
with torch.no_grad():
    feats = model.encoder(X)
probe = nn.Linear(64, 10)
opt = torch.optim.Adam(probe.parameters(), lr=0.01)
for _ in range(15):
    for b in torch.randperm(1400).split(100):
        opt.zero_grad()
        F.cross_entropy(probe(feats[b]), y[b]).backward()
        opt.step()
print("linear probe accuracy", (probe(feats[1400:]).argmax(1) == y[1400:]).float().mean().item())
