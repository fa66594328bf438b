# fault: train-validation-shift
# used car prices, notebook
import numpy as np
import torch
import torch.nn as nn
from sklearn.preprocessing import StandardScaler
from sklearn.metrics import r2_score

rng = np.random.RandomState(5)
torch.manual_seed(5)
n = 2500
year = rng.randint(1995, 2021, n)
km = np.clip((2021 - year) * 14000 * rng.lognormal(0, 0.3, n), 0, None)
power = rng.normal(95, 30, n).clip(40)
doors = rng.choice([3, 5], n)
log_price = 9.2 + 0.09 * (year - 2008) - 0.002 * (km / 1000) + 0.009 * (power - 95) + 0.00002 * (power - 95) * (year - 2008) ** 2
log_price = log_price + 0.06 * (year - 2014).clip(0)
log_price = log_price + 0.1 * (doors == 5) + 0.08 * rng.randn(n)
table = np.c_[year, km, power, doors, log_price]
table = table[np.argsort(table[:, 0], kind='stable')]

cut = int(0.8 * n)
X_train, y_train = table[:cut, :-1], table[:cut, -1:]
X_val, y_val = table[cut:, :-1], table[cut:, -1:]
sx, sy = StandardScaler().fit(X_train), StandardScaler().fit(y_train)
X_train, X_val = torch.tensor(sx.transform(X_train)).float(), torch.tensor(sx.transform(X_val)).float()
y_train, y_val = torch.tensor(sy.transform(y_train)).float(), torch.tensor(sy.transform(y_val)).float()

model = nn.Sequential(nn.Linear(4, 32), nn.ReLU(), nn.Linear(32, 16), nn.ReLU(), nn.Linear(16, 1))
criterion = nn.MSELoss()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
for epoch in range(30):
    model.train()
    losses = []
    for idx in torch.randperm(cut).split(40):
        optimizer.zero_grad()
        loss = criterion(model(X_train[idx]), y_train[idx])
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    model.eval()
    with torch.no_grad():
        p = model(X_val)
    if epoch % 3 == 2:
        print('epoch', epoch + 1, '| train mse: %.4f' % np.mean(losses), '| val mse: %.4f' % criterion(p, y_val).item(),
              '| val R2: %.3f' % r2_score(y_val, p))
