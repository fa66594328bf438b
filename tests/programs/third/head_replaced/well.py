# healthy
"""Two-stage training: reconstruct first, then put a classifier on top and train everything."""
import torch
from torch import nn
import torch.nn.functional as F
from sklearn.datasets import load_digits

torch.manual_seed(23)
d = load_digits()
p = torch.randperm(len(d.target))
x, y = (torch.tensor(d.data).float()[p] - 4.88) / 6.02, torch.tensor(d.target)[p]
x_tr, y_tr, x_va, y_va = x[:1350], y[:1350], x[1350:], y[1350:]


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(64, 24), nn.Tanh())
        self.head = nn.Linear(24, 64)

    def forward(self, x):
        return self.head(self.encoder(x))


model = Model()
optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)


def run(n_epochs, loss_fn, target, tag, opt):
    for e in range(n_epochs):
        s = 0
        for b in torch.randperm(len(x_tr)).split(45):
            loss = loss_fn(model(x_tr[b]), target[0][b])
            opt.zero_grad()
            loss.backward()
            opt.step()
            s += loss.item() / 30
        with torch.no_grad():
            o = model(x_va)
            msg = f"{tag} epoch {e}: train {s:.4f} val {loss_fn(o, target[1]).item():.4f}"
            if o.shape[1] == 10:
                msg += f" acc {(o.argmax(1) == y_va).float().mean().item():.4f}"
            print(msg)


run(5, F.mse_loss, (x_tr, x_va), "pretrain", optimizer)
model.head = nn.Linear(24, 10)
optimizer = torch.optim.Adam(model.parameters(), lr=2e-3, weight_decay=1e-3)
run(18, F.cross_entropy, (y_tr, y_va), "finetune", optimizer)
