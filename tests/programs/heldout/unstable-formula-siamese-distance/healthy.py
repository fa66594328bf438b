# healthy
import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import load_digits


class SiameseNetwork(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 16))

    def forward_once(self, x):
        return self.embed(x)

    def forward(self, a, b):
        return self.forward_once(a), self.forward_once(b)


class ContrastiveLoss(nn.Module):
    def __init__(self, margin=2.0):
        super().__init__()
        self.margin = margin

    def forward(self, e1, e2, same):
        dist = torch.sqrt(torch.sum((e1 - e2) ** 2, dim=1) + 1e-6)
        return torch.mean(same * dist ** 2 + (1 - same) * torch.clamp(self.margin - dist, min=0) ** 2)


def pairs(labels, n):
    i = torch.randint(len(labels), (n,))
    j = torch.randint(len(labels), (n,))
    by_class = [torch.nonzero(labels == c).flatten() for c in range(10)]
    for k in range(0, n, 2):
        pool = by_class[labels[i[k]]]
        j[k] = pool[torch.randint(len(pool), (1,))]
    return i, j, (labels[i] == labels[j]).float()


def knn_accuracy(net, x_ref, y_ref, x, y):
    with torch.no_grad():
        d = torch.cdist(net.forward_once(x), net.forward_once(x_ref))
    return (y_ref[d.argmin(1)] == y).float().mean().item()


if __name__ == '__main__':
    torch.manual_seed(90)
    dg = load_digits()
    p = torch.randperm(1797)
    x, y = torch.tensor(dg.data, dtype=torch.float32)[p], torch.tensor(dg.target)[p]
    x = (x - x[:1400].mean()) / x[:1400].std()
    x_tr, y_tr, x_te, y_te = x[:1400], y[:1400], x[1400:], y[1400:]
    net, criterion = SiameseNetwork(), ContrastiveLoss()
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-3, weight_decay=1e-4)
    vi, vj, vs = pairs(y_te, 600)
    for epoch in range(12):
        i, j, s = pairs(y_tr, 4000)
        run = 0.0
        for b in range(0, 4000, 80):
            e1, e2 = net(x_tr[i[b:b + 80]], x_tr[j[b:b + 80]])
            loss = criterion(e1, e2, s[b:b + 80])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            run += loss.item() / 50
        with torch.no_grad():
            v = criterion(*net(x_te[vi], x_te[vj]), vs).item()
        print(f'Epoch {epoch}: contrastive loss {run:.4f} test pairs {v:.4f} 1-nn accuracy {knn_accuracy(net, x_tr, y_tr, x_te, y_te):.3f}')
