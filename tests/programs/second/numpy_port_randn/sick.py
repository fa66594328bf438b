# fault: badly-scaled-initialization
# neural network from scratch, first in numpy, now with autograd doing the backward pass
import numpy as np
import torch
from sklearn.datasets import load_digits

digits = load_digits()
X = digits.data[:, digits.data.std(0) > .5]
X = (X - X.mean(0)) / X.std(0)
n_features = X.shape[1]
rs = np.random.RandomState(1)
idx = rs.permutation(len(X))
X = torch.tensor(X[idx], dtype=torch.float32)
Y = torch.tensor(np.eye(10)[digits.target[idx]], dtype=torch.float32)
X_train, Y_train, X_val, Y_val = X[:1400], Y[:1400], X[1400:], Y[1400:]

sizes = [n_features, 64, 64, 10]
weights, biases = [], []
for n_in, n_out in zip(sizes[:-1], sizes[1:]):
    w = rs.randn(n_in, n_out)
    weights.append(torch.tensor(w, dtype=torch.float32, requires_grad=True))
    biases.append(torch.zeros(n_out, requires_grad=True))


def forward(a):
    for w, b in zip(weights[:-1], biases[:-1]):
        a = torch.tanh(a @ w + b)
    return torch.log_softmax(a @ weights[-1] + biases[-1], 1)


def cost(x, y):
    return -(forward(x) * y).sum(1).mean()


lr, batch, decay = 0.1, 40, 3e-3
for epoch in range(30):
    rate = lr * (1 - epoch / 30)
    running = 0
    for k in torch.randperm(1400).split(batch):
        loss = cost(X_train[k], Y_train[k])
        loss.backward()
        with torch.no_grad():
            for p in weights:
                p -= rate * (p.grad + decay * p)
            for p in biases:
                p -= rate * p.grad
            for p in weights + biases:
                p.grad = None
        running += loss.item() * len(k) / 1400
    if epoch % 5 == 4:
        with torch.no_grad():
            acc = (forward(X_val).argmax(1) == Y_val.argmax(1)).float().mean().item()
            print('epoch {:2d}  cost {:.4f}  val cost {:.4f}  val acc {:.3f}'.format(epoch + 1, running, cost(X_val, Y_val).item(), acc))
