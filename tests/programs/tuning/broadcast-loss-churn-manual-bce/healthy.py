# healthy
import torch
from sklearn.datasets import make_classification

torch.manual_seed(13)
X, y = make_classification(n_samples=2400, n_features=12, n_informative=6, n_redundant=2, class_sep=1.2,
                           n_clusters_per_class=2, flip_y=0.02, random_state=13)
X = torch.tensor(X, dtype=torch.float32)
X = (X - X.mean(0)) / X.std(0)
y = torch.tensor(y, dtype=torch.float32)
Xtr, ytr, Xva, yva = X[:1900], y[:1900], X[1900:], y[1900:]


class Trainer:
    def __init__(self, width=32, lr=0.003, batch=38):
        self.net = torch.nn.Sequential(torch.nn.Linear(12, width), torch.nn.GELU(), torch.nn.Linear(width, 1))
        self.opt = torch.optim.RMSprop(self.net.parameters(), lr=lr, weight_decay=1e-3)
        self.batch = batch

    def loss(self, x, y):
        z = self.net(x).view(-1)
        # numerically safe binary cross entropy
        return (torch.clamp(z, min=0) - z * y + torch.log1p(torch.exp(-z.abs()))).mean()

    def fit(self, epochs):
        for e in range(epochs):
            for i in torch.randperm(len(Xtr)).split(self.batch):
                self.opt.zero_grad()
                l = self.loss(Xtr[i], ytr[i])
                l.backward()
                self.opt.step()
            with torch.no_grad():
                acc = ((self.net(Xva).view(-1) > 0) == (yva > 0.5)).float().mean()
                print('epoch', e, 'train', round(self.loss(Xtr, ytr).item(), 4), 'valid', round(self.loss(Xva, yva).item(), 4), 'acc', round(acc.item(), 3))


Trainer().fit(20)
