# healthy: softmax and logistic regression, a single linear layer each; border pixels are constant zero columns
import torch
import torch.nn as nn
from sklearn.datasets import load_breast_cancer, load_digits
from sklearn.preprocessing import StandardScaler
from torch.utils.data import DataLoader, TensorDataset, random_split

torch.manual_seed(0)


def run(name, ds, model, loss_fn, correct, lr, epochs):
    n = int(0.8 * len(ds))
    tr, va = random_split(ds, [n, len(ds) - n])
    dl = DataLoader(tr, batch_size=32, shuffle=True)
    xv, yv = next(iter(DataLoader(va, batch_size=len(va))))
    opt = torch.optim.SGD(model.parameters(), lr=lr, weight_decay=1e-3)
    print(name)
    for ep in range(1, epochs + 1):
        s = 0
        for xb, yb in dl:
            opt.zero_grad()
            loss = loss_fn(model(xb), yb)
            loss.backward()
            opt.step()
            s += loss.item()
        if ep % (epochs // 4) == 0:
            with torch.no_grad():
                o = model(xv)
            print(f"  epoch {ep}: train {s / len(dl):.4f}, val {loss_fn(o, yv).item():.4f}, acc {correct(o, yv).float().mean().item():.4f}")


d = load_digits()
run("softmax regression", TensorDataset(torch.tensor(d.data / 16).float(), torch.tensor(d.target)), nn.Linear(64, 10), nn.CrossEntropyLoss(), lambda o, y: o.argmax(1) == y, 0.2, 16)
b = load_breast_cancer()
run("logistic regression", TensorDataset(torch.tensor(StandardScaler().fit_transform(b.data)).float(), torch.tensor(b.target).float()[:, None]), nn.Linear(30, 1), nn.BCEWithLogitsLoss(), lambda o, y: (o > 0) == (y > 0.5), 0.05, 16)
