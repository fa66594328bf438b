# healthy
import numpy as np
import torch
from sklearn.datasets import make_friedman1
from torch.utils.data import TensorDataset, DataLoader

torch.manual_seed(11)
X, y = make_friedman1(n_samples=6000, n_features=10, noise=1.0, random_state=11)   # X uniform in [0,1]; y about 14 +- 5
X = X.astype(np.float32)
y = (y.astype(np.float32) - 14.0) / 5.0
n = 4800
train_dl = DataLoader(TensorDataset(torch.tensor(X[:n]), torch.tensor(y[:n])), batch_size=64, shuffle=True, drop_last=True)
Xv, yv = torch.tensor(X[n:]), torch.tensor(y[n:])

net = torch.nn.Sequential(
    torch.nn.Linear(10, 64), torch.nn.SiLU(),
    torch.nn.Linear(64, 64), torch.nn.SiLU(),
    torch.nn.Linear(64, 1),
)
opt = torch.optim.Adam(net.parameters(), lr=6e-3)
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, 36)
for epoch in range(36):
    net.train()
    agg = []
    for xb, yb in train_dl:
        pred = net(xb).squeeze(-1)
        loss = torch.nn.functional.mse_loss(pred, yb)
        opt.zero_grad(set_to_none=True)
        loss.backward()
        opt.step()
        agg.append(loss.item())
    sched.step()
    net.eval()
    with torch.no_grad():
        pv = net(Xv).squeeze(-1)
        val = torch.nn.functional.mse_loss(pv, yv).item()
    if epoch % 3 == 2:
        print(f"{epoch+1:3d}: train mse {np.mean(agg):.4f}, val mse {val:.4f} (noise floor 0.04), R2 {1 - val / yv.var().item():.3f}")
