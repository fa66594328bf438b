# healthy
# few patients, noisy target, linear head
import torch
from sklearn.datasets import load_diabetes
from torch import nn

torch.manual_seed(2)
d = load_diabetes()
x = torch.tensor(d.data, dtype=torch.float32)
x = (x - x.mean(0)) / x.std(0)
y = torch.tensor(d.target, dtype=torch.float32)[:, None]
y = (y - y.mean()) / y.std()
perm = torch.randperm(442)
x, y = x[perm], y[perm]
x_tr, y_tr, x_va, y_va = x[:350], y[:350], x[350:], y[350:]


def build_mlp(sizes):
    layers = []
    for i, o in zip(sizes[:-1], sizes[1:]):
        layers += [nn.Linear(i, o), nn.ReLU()]
    return nn.Sequential(*layers[:-1])


mlp = build_mlp([10, 24, 1])
optim = torch.optim.AdamW(mlp.parameters(), lr=1e-3, weight_decay=0.05)
mse = nn.MSELoss()
for step in range(1, 401):
    i = torch.randint(0, 350, (64,))
    loss = mse(mlp(x_tr[i]), y_tr[i])
    optim.zero_grad()
    loss.backward()
    optim.step()
    if step % 50 == 0:
        with torch.no_grad():
            print(step, "train", round(mse(mlp(x_tr), y_tr).item(), 3), "val", round(mse(mlp(x_va), y_va).item(), 3))
