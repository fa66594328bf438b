# healthy
# plain-tensor deep net
import torch
from sklearn.datasets import make_classification

torch.manual_seed(70)
X, y = make_classification(n_samples=3000, n_features=20, n_informative=10, n_classes=4, n_clusters_per_class=1,
                           class_sep=1.5, flip_y=0.01, random_state=70)
X = (X - X.mean(0)) / X.std(0)
X, y = torch.tensor(X).float(), torch.tensor(y)
layers = [20, 100, 100, 100, 4]
ws, bs = [], []
for n_in, n_out in zip(layers[:-1], layers[1:]):
    ws.append((torch.randn(n_in, n_out) * (1.5 / n_in) ** 0.5).requires_grad_())
    bs.append(torch.zeros(n_out, requires_grad=True))


def logits(x):
    for w, b in zip(ws[:-1], bs[:-1]):
        x = torch.relu(x @ w + b)
    return x @ ws[-1] + bs[-1]


opt = torch.optim.SGD(ws + bs, lr=0.01, momentum=0.9, weight_decay=2e-3)
lossf = torch.nn.CrossEntropyLoss()
for epoch in range(15):
    s = 0
    for b in torch.randperm(2400).split(48):
        loss = lossf(logits(X[b]), y[b])
        opt.zero_grad()
        loss.backward()
        opt.step()
        s += loss.item() / 50
    with torch.no_grad():
        o = logits(X[2400:])
        print(f"{epoch:3d} {s:12.4f} {lossf(o, y[2400:]).item():12.4f} {(o.argmax(1) == y[2400:]).float().mean().item():.4f}")
