# fault: learning-rate-too-high
# power plant output, quick script
import torch
import numpy as np
from torch.utils.data import *
rng = np.random.default_rng(2)
N = 2500
AT, V, AP, RH = rng.normal(19, 7, N), rng.normal(54, 12, N), rng.normal(1013, 6, N), rng.normal(73, 14, N)
PE = 497 - 1.9*AT - .25*V + .06*(AP-1013) - .15*(RH-73) + 2.5*np.sin(AT/4) + rng.normal(0, 1.5, N)
X = np.array([AT, V, AP, RH]).T
X = (X - X.mean(0))/X.std(0); Y = (PE - PE.mean())/PE.std()
ds = TensorDataset(torch.Tensor(X), torch.Tensor(Y).view(-1, 1))
torch.manual_seed(2)
tr, te = random_split(ds, [2000, 500])
net = torch.nn.Sequential(torch.nn.Linear(4, 30), torch.nn.ReLU(), torch.nn.Linear(30, 30), torch.nn.ReLU(), torch.nn.Linear(30, 1))
optim = torch.optim.SGD(net.parameters(), lr=0.25, momentum=0.9)
crit = torch.nn.MSELoss()
Xte, Yte = map(torch.stack, zip(*te))
for e in range(25):
    L = []
    for x, y in DataLoader(tr, 50, shuffle=True):
        optim.zero_grad()
        loss = crit(net(x), y); loss.backward(); optim.step()
        L += [loss.item()]
    with torch.no_grad(): v = crit(net(Xte), Yte).item()
    print(f'{e}: {np.mean(L):.4f} {v:.4f} r2={1-v/Yte.var().item():.4f}')
