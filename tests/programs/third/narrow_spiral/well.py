# healthy
import numpy as np
import torch
from torch import nn

# three-arm spiral
def spiral(n_per, arms=3, noise=0.18, seed=0):
    g = np.random.default_rng(seed)
    pts, lab = [], []
    for a in range(arms):
        r = np.sqrt(g.uniform(0.02, 1, n_per))
        th = r * 4.2 + a * 2 * np.pi / arms + g.normal(0, noise, n_per)
        pts.append(np.c_[r * np.cos(th), r * np.sin(th)]); lab += [a] * n_per
    p = g.permutation(n_per * arms)
    X = np.concatenate(pts)[p]
    return torch.tensor(X / X.std(0), dtype=torch.float32), torch.tensor(np.array(lab)[p])

class MLP(nn.Module):
    def __init__(self, hidden_layers):
        super().__init__()
        dims = [2] + hidden_layers
        self.hidden = nn.ModuleList(nn.Linear(a, b) for a, b in zip(dims[:-1], dims[1:]))
        self.out = nn.Linear(dims[-1], 3)
    def forward(self, x):
        for h in self.hidden:
            x = torch.tanh(h(x))
        return self.out(x)

config = {"hidden": [48, 48], "lr": 5e-3, "epochs": 30, "batch": 64}
torch.manual_seed(0)
Xtr, ytr = spiral(800, seed=0)
Xva, yva = spiral(300, seed=1)
net = MLP(config["hidden"])
opt = torch.optim.Adam(net.parameters(), lr=config["lr"])
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(opt, config["epochs"])
for ep in range(config["epochs"]):
    ls = []
    for b in torch.randperm(len(Xtr)).split(config["batch"]):
        loss = nn.functional.cross_entropy(net(Xtr[b]), ytr[b])
        opt.zero_grad(); loss.backward(); opt.step()
        ls.append(loss.item())
    scheduler.step()
    with torch.no_grad():
        z = net(Xva)
    print(f"ep {ep:2d} tr {np.mean(ls):.4f} va {nn.functional.cross_entropy(z, yva).item():.4f} acc {(z.argmax(1) == yva).float().mean().item():.4f}")
