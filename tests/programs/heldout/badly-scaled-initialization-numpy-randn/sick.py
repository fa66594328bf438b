# fault: badly-scaled-initialization
# hand-made deep net, numpy habits
import math
import torch
from sklearn.datasets import make_classification

torch.manual_seed(77)
X, y = make_classification(n_samples=3000, n_features=20, n_informative=10, n_redundant=4, n_classes=4,
                           n_clusters_per_class=1, class_sep=1.6, flip_y=0.01, random_state=77)
X = torch.tensor((X - X[:2400].mean(0)) / X[:2400].std(0), dtype=torch.float32)
y = torch.tensor(y)
sizes = [20, 64, 64, 64, 64, 64, 4]

weights, biases = [], []
for n_in, n_out in zip(sizes[:-1], sizes[1:]):
    w = torch.randn(n_in, n_out)
    weights.append(w.requires_grad_())
    biases.append(torch.zeros(n_out, requires_grad=True))


def net(a):
    for i, (w, b) in enumerate(zip(weights, biases)):
        z = a @ w + b
        a = torch.tanh(z) if i < len(weights) - 1 else z
    return a


opt = torch.optim.SGD(weights + biases, lr=0.02, weight_decay=1e-3)
for epoch in range(20):
    total = 0.0
    for idx in torch.randperm(2400).split(32):
        loss = torch.nn.functional.cross_entropy(net(X[idx]), y[idx])
        opt.zero_grad()
        loss.backward()
        opt.step()
        total += loss.item() * len(idx)
    with torch.no_grad():
        out = net(X[2400:])
        vl = torch.nn.functional.cross_entropy(out, y[2400:]).item()
        va = (out.argmax(1) == y[2400:]).float().mean().item()
    print(f"epoch {epoch + 1:2d}  loss {total / 2400:.4f}  val loss {vl:.4f}  val acc {va:.4f}")
