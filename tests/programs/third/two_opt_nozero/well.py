# healthy
"""Encoder and head with separate optimizers and learning rates (discriminative fine-tuning idiom)."""
import torch
from torch import nn
from sklearn.datasets import make_classification

torch.manual_seed(113)
X, y = make_classification(n_samples=5000, n_features=15, n_informative=8, n_redundant=2, n_classes=3, n_clusters_per_class=2,
                           class_sep=1.6, flip_y=0.02, random_state=113)
X = torch.tensor((X - X.mean(0)) / X.std(0), dtype=torch.float32)
y = torch.tensor(y)
data = {"train": (X[:4000], y[:4000]), "valid": (X[4000:], y[4000:])}
encoder = nn.Sequential(nn.Linear(15, 64), nn.ReLU(), nn.Linear(64, 32), nn.ReLU())
head = nn.Linear(32, 3)
optimizers = {"encoder": torch.optim.SGD(encoder.parameters(), lr=0.05, momentum=0.9), "head": torch.optim.SGD(head.parameters(), lr=0.02, momentum=0.9)}
schedulers = [torch.optim.lr_scheduler.CosineAnnealingLR(o, 15) for o in optimizers.values()]
criterion = nn.CrossEntropyLoss()


def step(xb, yb):
    loss = criterion(head(encoder(xb)), yb)
    for name in ("encoder", "head"):
        optimizers[name].zero_grad()
    loss.backward()
    for o in optimizers.values():
        o.step()
    return loss.item()


for epoch in range(15):
    xs, ys = data["train"]
    losses = [step(xs[b], ys[b]) for b in torch.randperm(len(ys)).split(80)]
    for s in schedulers:
        s.step()
    with torch.no_grad():
        xs, ys = data["valid"]
        z = head(encoder(xs))
        print({"epoch": epoch, "train": round(sum(losses) / len(losses), 4), "valid": round(criterion(z, ys).item(), 4), "acc": round((z.argmax(1) == ys).float().mean().item(), 4)})
