# healthy
# Concrete strength regression, synthetic mix designs; several dropout layers "to be safe"
import numpy as np
import torch
import torch.nn as nn

rng = np.random.RandomState(123)
n = 3000
cement, water, age, slag, agg = rng.uniform(150, 550, n), rng.uniform(120, 240, n), rng.exponential(40, n) + 1, rng.uniform(0, 250, n), rng.uniform(700, 1000, n)
strength = 90 * np.exp(-1.6 * water / (cement + 0.6 * slag)) * np.log1p(age) / np.log(60) - 0.01 * (agg - 850) + rng.normal(0, 2.5, n)
X = np.stack([cement, water, np.log(age), slag, agg], axis=1)
X = (X - X.mean(0)) / X.std(0)
y = (strength - strength.mean()) / strength.std()
X, y = torch.tensor(X, dtype=torch.float32), torch.tensor(y, dtype=torch.float32).reshape(-1, 1)

P = 0.05
model = nn.Sequential(
    nn.Linear(5, 64), nn.ReLU(), nn.Dropout(P),
    nn.Linear(64, 64), nn.ReLU(), nn.Dropout(P),
    nn.Linear(64, 64), nn.ReLU(), nn.Dropout(P),
    nn.Linear(64, 1))
torch.manual_seed(123)
for m in model:
    if hasattr(m, "reset_parameters"):
        m.reset_parameters()
optimizer = torch.optim.NAdam(model.parameters(), lr=1e-3)
loss_fn = nn.MSELoss()
Xt, yt, Xv, yv = X[:2400], y[:2400], X[2400:], y[2400:]
for epoch in range(25):
    model.train()
    losses = []
    perm = torch.randperm(2400)
    for i in range(0, 2400, 60):
        xb, yb = Xt[perm[i:i + 60]], yt[perm[i:i + 60]]
        optimizer.zero_grad()
        loss = loss_fn(model(xb), yb)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    model.eval()
    with torch.no_grad():
        val = loss_fn(model(Xv), yv).item()
    print(f"epoch {epoch:02d} loss {np.mean(losses):.4f} val_loss {val:.4f} R2 {1 - val / yv.var().item():.4f}")
