# healthy: trains six nets in a row with different activations (LeakyReLU/ELU/GELU/SiLU/Softplus/Tanh)
import torch
import torch.nn as nn
from sklearn.datasets import make_moons

torch.manual_seed(0)
X, y = make_moons(1200, noise=0.15, random_state=0)
X = torch.tensor((X - X.mean(0)) / X.std(0)).float()
y = torch.tensor(y).float().unsqueeze(1)
Xtr, ytr, Xte, yte = X[:900], y[:900], X[900:], y[900:]
crit = nn.BCEWithLogitsLoss()

for act in (nn.LeakyReLU, nn.ELU, nn.GELU, nn.SiLU, nn.Softplus, nn.Tanh):
    torch.manual_seed(1)
    net = nn.Sequential(nn.Linear(2, 32), act(), nn.Linear(32, 32), act(), nn.Linear(32, 1))
    opt = torch.optim.Adam(net.parameters(), lr=1e-2)
    for epoch in range(25):
        for idx in torch.randperm(900).split(50):
            opt.zero_grad()
            loss = crit(net(Xtr[idx]), ytr[idx])
            loss.backward()
            opt.step()
    with torch.no_grad():
        o = net(Xte)
        print(f"{act.__name__:>10}: train {crit(net(Xtr), ytr):.3f} test {crit(o, yte):.3f} acc {((o > 0) == (yte > 0.5)).float().mean():.3f}")
