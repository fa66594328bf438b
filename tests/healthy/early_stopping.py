# healthy: early stopping with best-weights restore on a small noisy problem (validation used properly)
import copy
import torch
import torch.nn as nn
from sklearn.datasets import load_diabetes
from sklearn.model_selection import train_test_split

torch.manual_seed(0)


class EarlyStopping:
    def __init__(self, patience=5, min_delta=1e-4):
        self.patience, self.min_delta = patience, min_delta
        self.best, self.bad, self.state = float("inf"), 0, None

    def __call__(self, value, model):
        if value < self.best - self.min_delta:
            self.best, self.bad, self.state = value, 0, copy.deepcopy(model.state_dict())
        else:
            self.bad += 1
        return self.bad >= self.patience


X, y = load_diabetes(return_X_y=True, scaled=False)
Xtr, Xte, ytr, yte = train_test_split(X, y, test_size=0.3, random_state=7)
mu, sd, my, sy = Xtr.mean(0), Xtr.std(0), ytr.mean(), ytr.std()
prep = lambda a, b: (torch.tensor((a - mu) / sd).float(), torch.tensor((b - my) / sy).float()[:, None])
(Xtr, ytr), (Xte, yte) = prep(Xtr, ytr), prep(Xte, yte)
Xtr, Xva, ytr, yva = Xtr[:230], Xtr[230:], ytr[:230], ytr[230:]
model = nn.Sequential(nn.Linear(10, 16), nn.ReLU(), nn.Dropout(0.1), nn.Linear(16, 1))
opt = torch.optim.AdamW(model.parameters(), lr=2e-3, weight_decay=0.05)
mse, stopper = nn.MSELoss(), EarlyStopping()
for epoch in range(60):
    model.train()
    run = 0
    for i in torch.randperm(len(Xtr)).split(16):
        opt.zero_grad()
        loss = mse(model(Xtr[i]), ytr[i])
        loss.backward()
        opt.step()
        run += loss.item() * len(i) / len(Xtr)
    model.eval()
    with torch.no_grad():
        val = mse(model(Xva), yva).item()
    print(f"epoch {epoch} train {run:.4f} val {val:.4f}")
    if stopper(val, model):
        print("early stop")
        break
model.load_state_dict(stopper.state)
model.eval()
with torch.no_grad():
    print("restored best val", stopper.best, "test mse", mse(model(Xte), yte).item(), "(variance", yte.var().item(), ")")
