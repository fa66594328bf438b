"""A multilayer perceptron on the digits, trained by SGD with momentum."""

import torch
from sklearn.datasets import load_digits
from sklearn.preprocessing import StandardScaler
from torch import nn, optim

torch.manual_seed(0)
CONFIG = {"lr": 2.0, "momentum": 0.9, "batch_size": 128, "epochs": 12, "hidden": (128, 64)}

X, y = load_digits(return_X_y=True)
X = StandardScaler().fit_transform(X)
X, y = torch.as_tensor(X, dtype=torch.float32), torch.as_tensor(y)


def build(sizes):
    layers = []
    for a, b in zip(sizes, sizes[1:]):
        layers += [nn.Linear(a, b), nn.ReLU()]
    return nn.Sequential(*layers[:-1])


model = build((64, *CONFIG["hidden"], 10))
opt = optim.SGD(model.parameters(), lr=CONFIG["lr"], momentum=CONFIG["momentum"])
loss_fn = nn.CrossEntropyLoss()

for epoch in range(CONFIG["epochs"]):
    running = 0.0
    for idx in torch.randperm(len(X)).split(CONFIG["batch_size"]):
        opt.zero_grad()
        loss = loss_fn(model(X[idx]), y[idx])
        loss.backward()
        opt.step()
        running += loss.item() * len(idx)
    print(f"[{epoch + 1}/{CONFIG['epochs']}] loss={running / len(X):.4f}")
