# fault: unstable-formula
# two-layer network "the maths way": sigmoid output and the cross-entropy from the lecture notes
import numpy as np
import torch

rng = np.random.default_rng(5)
torch.manual_seed(5)


def banknotes(n):
    """genuine (1) or forged (0) from six wavelet statistics; well separated, heavy-tailed"""
    y = rng.integers(0, 2, n)
    x = rng.standard_t(4, (n, 6)) * .6
    side = rng.integers(0, 2, n) * 2 - 1
    x[:, 0] += np.where(y == 1, 0, 4.5 * side)
    x[:, 1] += np.where(y == 1, 0, 3.5 * side)
    x[:, 2] += np.where(y == 1, 1.2, -1.2)
    return x, y


X, y = banknotes(3500)
X = (X - X.mean(0)) / X.std(0)
X = torch.tensor(X, dtype=torch.float32)
y = torch.tensor(y, dtype=torch.float32)
X_train, y_train, X_test, y_test = X[:2800], y[:2800], X[2800:], y[2800:]

W1 = (torch.randn(6, 40) * np.sqrt(2 / 6)).requires_grad_()
b1 = torch.zeros(40, requires_grad=True)
W2 = (torch.randn(40) * np.sqrt(1 / 40)).requires_grad_()
b2 = torch.zeros((), requires_grad=True)
theta = [W1, b1, W2, b2]


def logit(x):
    return torch.relu(x @ W1 + b1) @ W2 + b2


def cost(x, y):
    z = logit(x)
    s = 1 / (1 + torch.exp(-z))
    return -(y * torch.log(s) + (1 - y) * torch.log(1 - s)).mean()


lr, momentum, decay, epochs = .05, .9, 5e-4, 25
velocity = [torch.zeros_like(p) for p in theta]
for epoch in range(epochs):
    J_epoch = 0.
    for rows in torch.randperm(2800).split(40):
        J = cost(X_train[rows], y_train[rows])
        J.backward()
        with torch.no_grad():
            for p, v in zip(theta, velocity):
                v.mul_(momentum).add_(p.grad + decay * p)
                p -= lr * (1 - epoch / epochs) * v
                p.grad.zero_()
        J_epoch += J.item() / 70
    if epoch % 4 == 0:
        with torch.no_grad():
            right = ((logit(X_test) > 0) == (y_test > .5)).float().mean()
            print('epoch', epoch, 'J', round(J_epoch, 4), 'J test', round(cost(X_test, y_test).item(), 4), 'correct', round(right.item(), 4))
