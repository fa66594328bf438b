# healthy: tabular regression, standardised inputs and targets, a loss floor set by the noise
import numpy as np
import torch
from sklearn.datasets import make_friedman1
from sklearn.metrics import r2_score
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

np.random.seed(0)
torch.manual_seed(0)
X, y = make_friedman1(n_samples=2000, n_features=10, noise=1.0, random_state=0)
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=1)
sx, sy = StandardScaler().fit(X_train), StandardScaler().fit(y_train[:, None])
to_t = lambda a: torch.from_numpy(a.astype(np.float32))
Xtr, Xte = to_t(sx.transform(X_train)), to_t(sx.transform(X_test))
ytr, yte = to_t(sy.transform(y_train[:, None])), to_t(sy.transform(y_test[:, None]))

model = torch.nn.Sequential(torch.nn.Linear(10, 64), torch.nn.SiLU(), torch.nn.Linear(64, 64), torch.nn.SiLU(), torch.nn.Linear(64, 1))
opt = torch.optim.AdamW(model.parameters(), lr=2e-3, weight_decay=0.02)
loss_fn = torch.nn.MSELoss()
loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(Xtr, ytr), batch_size=50, shuffle=True)
for epoch in range(20):
    for xb, yb in loader:
        loss = loss_fn(model(xb), yb)
        opt.zero_grad()
        loss.backward()
        opt.step()
    with torch.no_grad():
        print(f"epoch {epoch} train {loss_fn(model(Xtr), ytr):.4f} test {loss_fn(model(Xte), yte):.4f}")
with torch.no_grad():
    pred = sy.inverse_transform(model(Xte).numpy())
print("R2:", r2_score(y_test, pred))
