# healthy: small hyper-parameter loop over two sensible learning rates, a fresh model each time, best one kept
import itertools
import torch
import torch.nn as nn
from sklearn.datasets import make_classification

X, y = make_classification(3000, 20, n_informative=12, n_redundant=0, n_classes=3, n_clusters_per_class=1, class_sep=1.5, flip_y=0, random_state=1)
X = torch.tensor((X - X.mean(0)) / X.std(0)).float()
y = torch.tensor(y)
ce = nn.CrossEntropyLoss()


def objective(lr, width):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(20, width), nn.ReLU(), nn.Linear(width, 3))
    opt = torch.optim.Adam(model.parameters(), lr=lr)
    for epoch in range(8):
        for b in torch.randperm(2400).split(48):
            opt.zero_grad()
            loss = ce(model(X[b]), y[b])
            loss.backward()
            opt.step()
    with torch.no_grad():
        o = model(X[2400:])
    return ce(o, y[2400:]).item(), (o.argmax(1) == y[2400:]).float().mean().item()


results = {}
for lr, width in itertools.product((1e-3, 3e-3), (32, 64)):
    results[lr, width] = objective(lr, width)
    print(f"lr={lr} width={width} val_loss={results[lr, width][0]:.4f} val_acc={results[lr, width][1]:.4f}")
print("best", min(results, key=lambda k: results[k][0]))
