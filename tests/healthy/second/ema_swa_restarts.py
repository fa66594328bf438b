# healthy
"""Cosine annealing with warm restarts; an EMA copy of the weights is what gets evaluated."""
import torch
import torch.nn as nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from torch.utils.data import DataLoader, TensorDataset
from sklearn.datasets import make_classification

torch.manual_seed(0)
X, y = make_classification(8000, 20, n_informative=10, n_redundant=0, n_classes=4, n_clusters_per_class=2, class_sep=1.5, flip_y=0.0, random_state=1)
X = torch.tensor((X - X.mean(0)) / X.std(0), dtype=torch.float32)
y = torch.tensor(y)
train = DataLoader(TensorDataset(X[:6400], y[:6400]), batch_size=64, shuffle=True)
Xv, yv = X[6400:], y[6400:]

net = nn.Sequential(nn.Linear(20, 96), nn.ReLU(), nn.Dropout(0.15), nn.Linear(96, 96), nn.ReLU(), nn.Dropout(0.15), nn.Linear(96, 4))
ema = AveragedModel(net, multi_avg_fn=get_ema_multi_avg_fn(0.99))
opt = torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.9, weight_decay=2e-4)
sched = torch.optim.lr_scheduler.CosineAnnealingWarmRestarts(opt, T_0=3, T_mult=2)
ce = nn.CrossEntropyLoss()
for epoch in range(21):
    net.train()
    tot = 0
    for k, (xb, yb) in enumerate(train):
        opt.zero_grad()
        loss = ce(net(xb), yb)
        loss.backward()
        opt.step()
        ema.update_parameters(net)
        sched.step(epoch + k / len(train))
        tot += loss.item() / len(train)
    ema.eval()
    with torch.no_grad():
        o = ema(Xv)
        print(f"epoch {epoch+1} lr {opt.param_groups[0]['lr']:.4f} train {tot:.3f} EMA val {ce(o, yv).item():.3f} acc {(o.argmax(1)==yv).float().mean().item():.3f}")
