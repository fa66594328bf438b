# healthy: hand-written focal loss: numbers tiny from early on because easy examples are down-weighted
import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import make_classification

torch.manual_seed(0)


class FocalLoss(nn.Module):
    def __init__(self, alpha=0.5, gamma=2.0):
        super().__init__()
        self.alpha, self.gamma = alpha, gamma

    def forward(self, logits, targets):
        ce = F.binary_cross_entropy_with_logits(logits, targets, reduction="none")
        p_t = torch.exp(-ce)
        a_t = self.alpha * targets + (1 - self.alpha) * (1 - targets)
        return (a_t * (1 - p_t) ** self.gamma * ce).mean()


X, y = make_classification(9000, 15, n_informative=8, n_redundant=0, weights=[0.8], class_sep=1.4, flip_y=0, random_state=0)
X = torch.tensor((X - X.mean(0)) / X.std(0)).float()
y = torch.tensor(y).float()
net = nn.Sequential(nn.Linear(15, 64), nn.ReLU(), nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 1), nn.Flatten(0))
opt = torch.optim.Adam(net.parameters(), lr=1e-3)
crit = FocalLoss()
for epoch in range(8):
    losses = []
    for idx in torch.randperm(8000).split(100):
        opt.zero_grad()
        loss = crit(net(X[idx]), y[idx])
        loss.backward()
        opt.step()
        losses.append(loss.item())
    with torch.no_grad():
        o = net(X[8000:])
        t = y[8000:]
        recall = ((o > 0) & (t == 1)).sum() / (t == 1).sum()
    print(f"{epoch}: focal train {sum(losses) / len(losses):.5f} val {crit(o, t):.5f} acc {((o > 0) == (t > 0.5)).float().mean():.3f} recall {recall:.3f}")
