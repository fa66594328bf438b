# healthy
# logistic regression with polynomial features, gradient descent written by hand
import numpy as np
import torch
from sklearn.datasets import load_breast_cancer

data = load_breast_cancer()
rng = np.random.default_rng(3)
o = rng.permutation(569)
A, t = data.data[o], data.target[o]
A = np.log(A + 1e-2)
A = (A - A[:430].mean(0)) / A[:430].std(0)
A = torch.tensor(np.c_[A, np.ones(569)], dtype=torch.float64)
t = torch.tensor(t, dtype=torch.float64)
w = torch.zeros(31, dtype=torch.float64, requires_grad=True)
eta, lam = 0.2, 1e-2


def loss(w, A, t):
    return torch.nn.functional.binary_cross_entropy_with_logits(A @ w, t)


for sweep in range(30):
    p = rng.permutation(430)
    for k in range(0, 430, 43):
        L = loss(w, A[p[k:k + 43]], t[p[k:k + 43]]) + lam * w[:-1].pow(2).sum()
        L.backward()
        with torch.no_grad():
            w -= eta * w.grad
            w.grad.zero_()
    with torch.no_grad():
        print(f"sweep {sweep:2d}  train {loss(w, A[:430], t[:430]):.4f}  test {loss(w, A[430:], t[430:]):.4f}  "
              f"test acc {((A[430:] @ w > 0) == (t[430:] > 0)).double().mean():.4f}")
