# healthy
# Predict disease progression. Small noisy data: a small net, weight decay and early stopping.
import copy
import torch, torch.nn as nn
from sklearn.datasets import load_diabetes
from sklearn.model_selection import train_test_split

torch.manual_seed(0)
X, y = load_diabetes(return_X_y=True)
X = X * 442 ** 0.5            # the loader scales columns to unit norm; bring them to unit variance
Xtr, Xte, ytr, yte = train_test_split(X, y, test_size=0.2, random_state=1)
m, s = ytr.mean(), ytr.std()
T = lambda a: torch.tensor(a, dtype=torch.float32)
Xtr, Xte = T(Xtr), T(Xte)
ytr, yte = T((ytr - m) / s)[:, None], T((yte - m) / s)[:, None]

model = nn.Sequential(nn.Linear(10, 16), nn.Tanh(), nn.Linear(16, 1))
opt = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.3)
mse = nn.MSELoss()
best, best_state, since = 1e9, None, 0
for ep in range(150):
    model.train()
    p = torch.randperm(len(Xtr))
    s_loss = 0
    for i in range(0, len(p), 32):
        b = p[i:i+32]
        opt.zero_grad()
        l = mse(model(Xtr[b]), ytr[b])
        l.backward()
        opt.step()
        s_loss += l.item() * len(b)
    model.eval()
    with torch.no_grad():
        v = mse(model(Xte), yte).item()
    print(f"epoch {ep} train {s_loss/len(Xtr):.4f} valid {v:.4f}")
    if v < best - 1e-4:
        best, best_state, since = v, copy.deepcopy(model.state_dict()), 0
    else:
        since += 1
    if since == 10:
        break
model.load_state_dict(best_state)
with torch.no_grad():
    r2 = 1 - ((model(Xte) - yte)**2).mean() / yte.var(unbiased=False)
print("R2 on held-out patients: %.3f" % r2.item())
