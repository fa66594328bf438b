# fault: unscaled-targets
# House price notebook, cell by cell
import numpy as np
import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler
from sklearn.metrics import r2_score

SEED = 2023
np.random.seed(SEED)
torch.manual_seed(SEED)

# ---- 1. data -------------------------------------------------------------
n = 2400
living_area = np.random.gamma(9, 16, n)
rooms = np.round(living_area / 30 + np.random.randn(n))
age = np.random.uniform(0, 90, n)
dist = np.random.exponential(6, n)
quality = np.random.randint(1, 11, n)
price = (2100 * living_area * (1 + 0.06 * quality) - 900 * age + 38000 * np.exp(-dist / 5) * quality
         + 4000 * rooms + np.random.randn(n) * 15000)
X = np.c_[living_area, rooms, age, dist, quality]
X_tr, X_va, y_tr, y_va = train_test_split(X, price, test_size=0.2, random_state=SEED)
print('mean price', y_tr.mean(), 'std', y_tr.std())

# ---- 2. preprocessing ----------------------------------------------------
sx = StandardScaler()
X_tr = sx.fit_transform(X_tr)
X_va = sx.transform(X_va)
y_tr, y_va = y_tr.reshape(-1, 1), y_va.reshape(-1, 1)
tr = TensorDataset(torch.tensor(X_tr).float(), torch.tensor(y_tr).float())
va = TensorDataset(torch.tensor(X_va).float(), torch.tensor(y_va).float())
train_loader = DataLoader(tr, batch_size=64, shuffle=True)
valid_loader = DataLoader(va, batch_size=256)

# ---- 3. model ------------------------------------------------------------
model = nn.Sequential(
    nn.Linear(5, 64), nn.ReLU(),
    nn.Linear(64, 32), nn.ReLU(),
    nn.Linear(32, 1),
)
criterion = nn.MSELoss()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)

# ---- 4. training ---------------------------------------------------------
for epoch in range(1, 29):
    model.train()
    tl = 0
    for xb, yb in train_loader:
        optimizer.zero_grad()
        loss = criterion(model(xb), yb)
        loss.backward()
        optimizer.step()
        tl += loss.item() * len(xb)
    model.eval()
    preds, vl = [], 0
    with torch.no_grad():
        for xb, yb in valid_loader:
            p = model(xb)
            preds.append(p)
            vl += criterion(p, yb).item() * len(xb)
    if epoch % 4 == 0:
        print(f'[{epoch:03d}] train_loss={tl / len(tr):.4f} valid_loss={vl / len(va):.4f} '
              f'R2={r2_score(y_va, torch.cat(preds).numpy()):.4f}')
