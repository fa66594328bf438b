# healthy
"""Numpy-to-torch port of my two-layer net."""
import numpy as np
import torch
from sklearn.datasets import load_digits


def init_params(n_x, n_h, n_y, rng):
    W1 = rng.standard_normal((n_h, n_x)) * np.sqrt(1.0 / n_x)
    b1 = np.zeros((n_h, 1))
    W2 = np.zeros((n_y, n_h))
    b2 = np.zeros((n_y, 1))
    return {k: torch.tensor(v, requires_grad=True) for k, v in dict(W1=W1, b1=b1, W2=W2, b2=b2).items()}


def forward_propagation(X, p):
    A1 = torch.tanh(p["W1"] @ X + p["b1"])
    return p["W2"] @ A1 + p["b2"]


def compute_cost(Z2, Y):
    logp = torch.log_softmax(Z2, dim=0)
    return -(Y * logp).sum() / Y.shape[1]


def update_parameters(p, learning_rate):
    for k in p:
        p[k].data -= learning_rate * p[k].grad
        p[k].grad = None


rng = np.random.default_rng(0)
d = load_digits()
ix = rng.permutation(len(d.data))
X = torch.tensor(((d.data[ix] - 4.9) / 6.0).T)
Y = torch.tensor(np.eye(10)[d.target[ix]].T)
m = 1400
X_train, Y_train, X_dev, Y_dev = X[:, :m], Y[:, :m], X[:, m:], Y[:, m:]
params = init_params(64, 25, 10, rng)
for epoch in range(14):
    order, costs = rng.permutation(m), []
    for k in range(0, m, 35):
        j = order[k:k + 35]
        cost = compute_cost(forward_propagation(X_train[:, j], params), Y_train[:, j])
        cost.backward()
        update_parameters(params, 0.1)
        costs.append(cost.item())
    with torch.no_grad():
        Z = forward_propagation(X_dev, params)
        acc = (Z.argmax(0) == Y_dev.argmax(0)).double().mean().item()
        print("Cost after epoch %i: %f | dev cost %f | dev accuracy %.4f" % (epoch, np.mean(costs), compute_cost(Z, Y_dev).item(), acc))
