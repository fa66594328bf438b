# fault: overfitting
import numpy as np
import torch
from torch import nn

np.random.seed(4)
torch.manual_seed(4)


def crop_yield(n):
    X = np.random.randn(n, 10)
    y = X[:, 0] - 0.7 * X[:, 1] + 0.5 * X[:, 2] ** 2 - 0.5 + 0.4 * X[:, 3] * X[:, 4]
    y = (y + 0.8 * np.random.randn(n)) / 1.72
    return torch.tensor(X, dtype=torch.float32), torch.tensor(y, dtype=torch.float32)


Xtr, ytr = crop_yield(70)
Xva, yva = crop_yield(400)

net = nn.Sequential(nn.Linear(10, 256), nn.Tanh(), nn.Linear(256, 256), nn.Tanh(), nn.Linear(256, 1))
opt = torch.optim.Adam(net.parameters(), lr=1e-3)
n_epochs, batch_size = 300, 35
loss_fn = nn.MSELoss()

for epoch in range(n_epochs):
    for rows in torch.randperm(len(Xtr)).split(batch_size):
        opt.zero_grad()
        loss = loss_fn(net(Xtr[rows]).squeeze(1), ytr[rows])
        loss.backward()
        opt.step()
    with torch.no_grad():
        a, b = loss_fn(net(Xtr).squeeze(1), ytr).item(), loss_fn(net(Xva).squeeze(1), yva).item()
    if epoch % (n_epochs // 10) == 0 or epoch == n_epochs - 1:
        print(f'epoch {epoch:4d}   train {a:.4f}   validation {b:.4f}')
