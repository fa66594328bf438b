# fault: invalid-labels
import torch, numpy as np
from sklearn.datasets import make_moons

torch.manual_seed(1234)
X, y = make_moons(n_samples=1500, noise=0.15, random_state=1234)
X = (X - X.mean(0)) / X.std(0)
X = torch.as_tensor(X, dtype=torch.float)
y = torch.as_tensor(np.where(y == 0, -1, 1), dtype=torch.float)

# two hidden layers, weights by hand
def init(n_in, n_out):
    w = torch.randn(n_in, n_out) * (2 / n_in) ** 0.5
    return w.requires_grad_(), torch.zeros(n_out, requires_grad=True)

W1, b1 = init(2, 32)
W2, b2 = init(32, 32)
W3, b3 = init(32, 1)
params = [W1, b1, W2, b2, W3, b3]

def forward(x):
    h = torch.relu(x @ W1 + b1)
    h = torch.relu(h @ W2 + b2)
    return (h @ W3 + b3).view(-1)

lossfn = torch.nn.BCEWithLogitsLoss()
sgd = torch.optim.SGD(params, lr=0.1)

for it in range(1200):
    pick = torch.randint(0, 1000, (64,))
    out = forward(X[pick])
    loss = lossfn(out, y[pick])
    sgd.zero_grad()
    loss.backward()
    sgd.step()
    if it % 100 == 99:
        with torch.no_grad():
            out = forward(X[1000:])
            acc = ((out > 0) == (y[1000:] > 0)).float().mean()
        print(f"iter {it+1:5d}  loss {loss.item():10.4f}  held-out loss {lossfn(out, y[1000:]).item():10.4f}  acc {acc.item():.3f}")
