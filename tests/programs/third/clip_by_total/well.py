# healthy
# DP-flavoured trainer: clip, then step. Tabular regression.
import torch
from torch import nn
from sklearn.datasets import make_friedman1

class Clipper:
    def __init__(self, params, bound):
        self.params, self.bound = list(params), bound
    def __call__(self):
        total = torch.sqrt(sum(p.grad.pow(2).sum() for p in self.params))
        factor = (self.bound / (total + 1e-6)).clamp(max=1.0)
        for p in self.params:
            p.grad.mul_(factor)

def train(net, clip, opt, data, epochs, bs):
    xt, yt, xv, yv = data
    for ep in range(epochs):
        s = 0.
        for i in torch.randperm(len(xt)).split(bs):
            loss = nn.functional.mse_loss(net(xt[i]).squeeze(1), yt[i])
            opt.zero_grad(); loss.backward()
            clip()
            opt.step()
            s += loss.item() * len(i) / len(xt)
        with torch.no_grad():
            v = nn.functional.mse_loss(net(xv).squeeze(1), yv).item()
        print(f"epoch {ep:02d} mse {s:.4f} val {v:.4f} r2 {1 - v/yv.var().item():.4f}")

torch.manual_seed(29)
X, y = make_friedman1(3000, n_features=7, noise=1.0, random_state=29)
X = torch.tensor((X - .5) * 12 ** .5).float()
y = torch.tensor((y - y.mean()) / y.std()).float()
net = nn.Sequential(nn.Linear(7, 50), nn.ReLU(), nn.Linear(50, 50), nn.ReLU(), nn.Linear(50, 1))
clip = Clipper(net.parameters(), bound=5.0)
opt = torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.5)
train(net, clip, opt, (X[:2400], y[:2400], X[2400:], y[2400:]), 25, 40)
