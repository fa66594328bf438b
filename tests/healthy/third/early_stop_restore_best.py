# healthy
# small noisy data; patience 8, best weights restored; the validation curve has its minimum before the end, as it should
import copy

import torch
from sklearn.datasets import load_diabetes
from torch import nn

torch.manual_seed(11)
X, y = load_diabetes(return_X_y=True)
X = torch.tensor(X / X.std(0)).float()
y = torch.tensor((y - y.mean()) / y.std()).float()[:, None]
p = torch.randperm(442)
X, y = X[p], y[p]
xt, yt, xv, yv, xs, ys = X[:280], y[:280], X[280:360], y[280:360], X[360:], y[360:]
net = nn.Sequential(nn.Linear(10, 32), nn.ReLU(), nn.Dropout(0.2), nn.Linear(32, 1))
opt = torch.optim.Adam(net.parameters(), lr=3e-3, weight_decay=1e-3)


class EarlyStopping:
    def __init__(self, patience):
        self.patience, self.best, self.bad, self.state = patience, float("inf"), 0, None

    def __call__(self, loss, model):
        if loss < self.best:
            self.best, self.bad, self.state = loss, 0, copy.deepcopy(model.state_dict())
        else:
            self.bad += 1
        return self.bad >= self.patience


stopper = EarlyStopping(8)
for epoch in range(200):
    net.train()
    for b in torch.randperm(280).split(28):
        opt.zero_grad()
        loss = nn.functional.mse_loss(net(xt[b]), yt[b])
        loss.backward()
        opt.step()
    net.eval()
    with torch.no_grad():
        val = nn.functional.mse_loss(net(xv), yv).item()
    if stopper(val, net):
        print("stopped at epoch", epoch, "best val", round(stopper.best, 4))
        break
net.load_state_dict(stopper.state)
with torch.no_grad():
    print("test mse", nn.functional.mse_loss(net(xs), ys).item(), "variance", ys.var().item())
