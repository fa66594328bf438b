# fault: symmetric-initialization
# port of my numpy two-layer network to torch tensors
import numpy as np
import torch
from sklearn.datasets import load_digits

np.random.seed(1)
torch.manual_seed(1)
digits = load_digits()
perm = np.random.permutation(1797)
X, Y = digits.data[perm], digits.target[perm]
X_train, Y_train, X_test, Y_test = X[:1400], Y[:1400], X[1400:], Y[1400:]
mu, sigma = X_train.mean(), X_train.std()
X_train = torch.tensor((X_train - mu) / sigma, dtype=torch.float32)
X_test = torch.tensor((X_test - mu) / sigma, dtype=torch.float32)
Y_train, Y_test = torch.tensor(Y_train), torch.tensor(Y_test)

n_x, n_h, n_y = 64, 32, 10
W1 = torch.full((n_x, n_h), 0.05, requires_grad=True)
b1 = torch.zeros(n_h, requires_grad=True)
W2 = torch.full((n_h, n_y), 0.05, requires_grad=True)
b2 = torch.zeros(n_y, requires_grad=True)
parameters = [W1, b1, W2, b2]


def forward(X):
    A1 = torch.tanh(X @ W1 + b1)
    return A1 @ W2 + b2


def cost(Z, Y):
    return -torch.log_softmax(Z, dim=1)[torch.arange(len(Y)), Y].mean()


optimizer = torch.optim.SGD(parameters, lr=0.1)
for epoch in range(30):
    order = torch.randperm(len(X_train))
    J = 0.0
    for k in range(0, len(order), 28):
        batch = order[k:k + 28]
        c = cost(forward(X_train[batch]), Y_train[batch])
        optimizer.zero_grad()
        c.backward()
        optimizer.step()
        J += c.item() * len(batch)
    if epoch % 3 == 2:
        with torch.no_grad():
            Z = forward(X_test)
        print("Cost after epoch %i: %f   test cost %f   test accuracy %.3f" % (
            epoch + 1, J / len(order), cost(Z, Y_test), (Z.argmax(1) == Y_test).float().mean()))
