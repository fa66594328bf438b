# fault: uninformative-labels
# digits, numpy-ish
import numpy as np
import torch
from sklearn.datasets import load_digits

rng = np.random.default_rng(0)
X, y = load_digits(return_X_y=True)
X = (X - 8.0) / 6.0
X = rng.permutation(X)
y = rng.permutation(y)
n = 1400
X = torch.as_tensor(X, dtype=torch.float32)
y = torch.as_tensor(y)

torch.manual_seed(0)
W1 = (torch.randn(64, 48) * np.sqrt(2 / 64)).requires_grad_()
b1 = torch.zeros(48, requires_grad=True)
W2 = (torch.randn(48, 10) * np.sqrt(1 / 48)).requires_grad_()
b2 = torch.zeros(10, requires_grad=True)
params = [W1, b1, W2, b2]


def forward(x):
    return torch.relu(x @ W1 + b1) @ W2 + b2


lr, bs = 0.05, 32
for epoch in range(20):
    idx = torch.from_numpy(rng.permutation(n))
    avg = 0.0
    for s in range(0, n, bs):
        j = idx[s:s + bs]
        loss = torch.nn.functional.cross_entropy(forward(X[j]), y[j])
        grads = torch.autograd.grad(loss, params)
        with torch.no_grad():
            for p, g in zip(params, grads):
                p -= lr * g
        avg += loss.item() * len(j) / n
    with torch.no_grad():
        z = forward(X[n:])
        vl = torch.nn.functional.cross_entropy(z, y[n:])
        va = (z.argmax(1) == y[n:]).float().mean()
    print(f"{epoch} train {avg:.4f} valid {vl.item():.4f} acc {va.item():.4f}")
