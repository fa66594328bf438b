# fault: unstable-optimizer-setting
import torch, torch.nn as nn, torch.nn.functional as F
from sklearn.datasets import make_gaussian_quantiles

torch.manual_seed(0)
X, y = make_gaussian_quantiles(n_samples=2500, n_features=3, n_classes=3, random_state=0)
X = torch.tensor(X).float(); y = torch.tensor(y)
Xtr, ytr, Xva, yva = X[:2000], y[:2000], X[2000:], y[2000:]

def mlp(sizes):
    layers = []
    for i in range(len(sizes) - 1):
        layers.append(nn.Linear(sizes[i], sizes[i + 1]))
        if i < len(sizes) - 2:
            layers.append(nn.ReLU())
    return nn.Sequential(*layers)

config = {
    'sizes': [3, 64, 64, 3],
    'optimizer': {'lr': 2e-3, 'betas': (0.9, 0.999), 'eps': 1.0},
    'epochs': 20,
    'batch_size': 50,
}

net = mlp(config['sizes'])
opt = torch.optim.Adam(net.parameters(), **config['optimizer'])
for epoch in range(config['epochs']):
    for b in torch.randperm(2000).split(config['batch_size']):
        loss = F.cross_entropy(net(Xtr[b]), ytr[b])
        opt.zero_grad(); loss.backward(); opt.step()
    with torch.no_grad():
        acc = [(net(a).argmax(1) == t).float().mean().item() for a, t in ((Xtr, ytr), (Xva, yva))]
        vl = F.cross_entropy(net(Xva), yva).item()
    print('epoch %2d | batch loss %.3f | val loss %.3f | train acc %.3f | val acc %.3f' % (epoch, loss.item(), vl, *acc))
