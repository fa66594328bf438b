# healthy
# A network of bare tensors with an own momentum update, as in a lecture's notebook.
import torch
from sklearn.datasets import make_moons

torch.manual_seed(0)
X, y = make_moons(1200, noise=0.2, random_state=0)
X = torch.tensor(X, dtype=torch.float32)
X = (X - X.mean(0)) / X.std(0)
y = torch.tensor(y, dtype=torch.float32)
Xtr, ytr, Xte, yte = X[:900], y[:900], X[900:], y[900:]

H = 24
W1 = (torch.randn(2, H) * (2 / 2) ** 0.5).requires_grad_()
b1 = torch.zeros(H, requires_grad=True)
W2 = (torch.randn(H, H) * (2 / H) ** 0.5).requires_grad_()
b2 = torch.zeros(H, requires_grad=True)
w3 = (torch.randn(H) * (1 / H) ** 0.5).requires_grad_()
b3 = torch.zeros(1, requires_grad=True)
params = [W1, b1, W2, b2, w3, b3]
velocity = [torch.zeros_like(p) for p in params]


def forward(x):
    h = torch.relu(x @ W1 + b1)
    h = torch.relu(h @ W2 + b2)
    return h @ w3 + b3


lr, mu = 0.05, 0.9
for epoch in range(30):
    lossi = []
    for ix in torch.randperm(900).split(30):
        z = forward(Xtr[ix])
        loss = torch.nn.functional.binary_cross_entropy_with_logits(z, ytr[ix])
        for p in params:
            p.grad = None
        loss.backward()
        with torch.no_grad():
            for p, v in zip(params, velocity):
                v.mul_(mu).add_(p.grad)
                p -= lr * v
        lossi.append(loss.item())
    if epoch == 20:
        lr /= 10
    with torch.no_grad():
        z = forward(Xte)
        print(f"{epoch:2d} {sum(lossi) / len(lossi):.4f} test acc {((z > 0) == (yte > 0)).float().mean():.4f}")
