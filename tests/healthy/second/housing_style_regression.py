# healthy
"""House prices (simulated): inputs standardised, target = log price minus a rough guess, so it keeps an offset of about 0.4."""
import numpy as np
import pandas as pd
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

np.random.seed(0)
torch.manual_seed(0)
n = 6000
df = pd.DataFrame({
    "area": np.random.lognormal(4.5, 0.35, n), "rooms": np.random.poisson(3, n) + 1, "age": np.random.uniform(0, 80, n),
    "lat": np.random.uniform(47, 49, n), "lon": np.random.uniform(8, 11, n), "garage": np.random.rand(n) < 0.4})
log_price = (12.1 + 0.8 * np.log(df.area / 90) + 0.03 * df.rooms - 0.004 * df.age + 0.1 * df.garage
             + 0.6 * np.exp(-2 * ((df.lat - 48.1) ** 2 + (df.lon - 9.5) ** 2)) + 0.1 * np.random.randn(n))
df["target"] = log_price - 12
train, test = df.iloc[:4800], df.iloc[4800:]
cols = ["area", "rooms", "age", "lat", "lon", "garage"]
mean, std = train[cols].astype(float).mean(), train[cols].astype(float).std()


def tensors(part):
    return (torch.tensor(((part[cols].astype(float) - mean) / std).values, dtype=torch.float32),
            torch.tensor(part["target"].values, dtype=torch.float32).reshape(-1, 1))


train_loader = DataLoader(TensorDataset(*tensors(train)), batch_size=64, shuffle=True)
X_test, y_test = tensors(test)
model = nn.Sequential(nn.Linear(6, 64), nn.ReLU(), nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 1))
criterion = nn.MSELoss()
optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 7, 0.3)
for epoch in range(22):
    model.train()
    losses = []
    for xb, yb in train_loader:
        pred = model(xb)
        loss = criterion(pred, yb)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    scheduler.step()
    model.eval()
    with torch.no_grad():
        v = criterion(model(X_test), y_test).item()
    print(f"epoch {epoch + 1}: train mse {np.mean(losses):.4f} test mse {v:.4f} (noise 0.01) R2 {1 - v / y_test.var().item():.3f}")
