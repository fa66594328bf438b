# healthy
# Logistic regression written as in a NumPy lecture; only the gradient is left to autograd.
import torch
from sklearn.datasets import make_classification

torch.manual_seed(0)
X, y = make_classification(n_samples=3000, n_features=12, n_informative=6, n_redundant=2, class_sep=1.2,
                           n_clusters_per_class=1, flip_y=0.02, random_state=4)
X = torch.tensor(X, dtype=torch.float32)
y = torch.tensor(y, dtype=torch.float32)
X = (X - X.mean(0)) / X.std(0)
m = 2400

w = torch.zeros(12, requires_grad=True)
b = torch.zeros(1, requires_grad=True)
alpha = 1.0

def cost(X, y):
    z = X @ w + b
    # log(1+e^z) - y z, the stable form
    return (torch.nn.functional.softplus(z) - y * z).mean()

for it in range(300):
    J = cost(X[:m], y[:m])
    J.backward()
    with torch.no_grad():
        w -= alpha * w.grad
        b -= alpha * b.grad
        w.grad.zero_()
        b.grad.zero_()
    if it % 25 == 0 or it == 299:
        with torch.no_grad():
            acc = (((X[m:] @ w + b) > 0).float() == y[m:]).float().mean()
            print(f"iter {it:4d} cost {J.item():.4f} test cost {cost(X[m:], y[m:]).item():.4f} test acc {acc.item():.3f}")
