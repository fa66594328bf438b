# healthy
import numpy as np
import torch
from sklearn.datasets import make_classification

# ten bio-markers, clipped to [0, 1] by their reference range
X, y = make_classification(n_samples=5000, n_features=10, n_informative=8, n_redundant=1, n_classes=4, class_sep=1.8,
                           n_clusters_per_class=1, flip_y=0.0, random_state=2)
low, high = X.min(0) - .5, X.max(0) + .5
X = ((X - low) / (high - low)).astype(np.float32)     # compact storage

X = torch.from_numpy(X).float()
y = torch.from_numpy(y)
mean, scale = X[:4000].mean(0), X[:4000].std(0)
X = (X - mean) / (scale + 1e-6)


def init(n_in, n_out):
    w = torch.randn(n_in, n_out) * (2 / n_in) ** .5
    return w.requires_grad_(), torch.zeros(n_out, requires_grad=True)


torch.manual_seed(0)
W1, b1 = init(10, 32)
W2, b2 = init(32, 32)
W3, b3 = init(32, 4)
P = [W1, b1, W2, b2, W3, b3]


def net(x):
    h = torch.relu(x @ W1 + b1)
    h = torch.relu(h @ W2 + b2)
    return h @ W3 + b3


opt = torch.optim.Adam(P, lr=2e-3, weight_decay=1e-4)
sch = torch.optim.lr_scheduler.ExponentialLR(opt, .82)
for epoch in range(18):
    s = 0
    for i in torch.randperm(4000).split(50):
        loss = torch.nn.functional.cross_entropy(net(X[i]), y[i])
        opt.zero_grad()
        loss.backward()
        opt.step()
        s += loss.item() / 80
    sch.step()
    with torch.no_grad():
        o = net(X[4000:])
        print('epoch', epoch, 'train', round(s, 4), 'held-out', round(torch.nn.functional.cross_entropy(o, y[4000:]).item(), 4),
              'acc', (o.argmax(1) == y[4000:]).float().mean().item())
