# fault: unstable-formula
"""Metric learning with hard positives/negatives in the batch (batch-hard triplet loss)."""
import numpy as np
import torch
from torch import nn
from sklearn.datasets import load_digits


def pairwise(e):
    sq = (e[:, None] - e[None]).pow(2).sum(-1)
    return sq.sqrt()


def batch_hard(e, y, margin=0.5):
    d = pairwise(e)
    same = y[:, None] == y[None]
    hardest_pos = torch.where(same, d, torch.zeros_like(d)).amax(1)
    hardest_neg = torch.where(same, torch.full_like(d, 1e3), d).amin(1)
    return torch.relu(hardest_pos - hardest_neg + margin).mean()


class Embedder(nn.Module):
    def __init__(self, dim=16):
        super().__init__()
        self.f = nn.Sequential(nn.Linear(64, 96), nn.ReLU(), nn.Linear(96, dim))

    def forward(self, x):
        return nn.functional.normalize(self.f(x), dim=-1)


def knn_acc(ref, ry, q, qy, k=5):
    nn_idx = (q @ ref.T).topk(k, 1).indices
    return (ry[nn_idx].mode(1).values == qy).float().mean().item()


torch.manual_seed(44)
D = load_digits()
order = np.random.RandomState(44).permutation(len(D.data))
x = torch.tensor((D.data[order] - 4.88) / 6.0, dtype=torch.float32)
y = torch.tensor(D.target[order])
xt, yt, xv, yv = x[:1300], y[:1300], x[1300:], y[1300:]
net = Embedder()
opt = torch.optim.Adam(net.parameters(), lr=1e-3, weight_decay=1e-3)
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, 40)
for epoch in range(40):
    net.train()
    tl = []
    for b in torch.randperm(len(xt)).split(50):
        loss = batch_hard(net(xt[b] + 0.4 * torch.randn(len(b), 64)), yt[b])
        opt.zero_grad()
        loss.backward()
        opt.step()
        tl.append(loss.item())
    sched.step()
    net.eval()
    with torch.no_grad():
        ev = net(xv)
        vl = np.mean([batch_hard(ev[i:i + 50], yv[i:i + 50]).item() for i in range(0, len(ev) - 49, 50)])
        print(f"epoch {epoch}: triplet {np.mean(tl):.4f} val triplet {vl:.4f} 5-NN acc {knn_acc(net(xt), yt, ev, yv):.4f}")
