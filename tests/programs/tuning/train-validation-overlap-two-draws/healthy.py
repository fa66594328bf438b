# healthy
import numpy as np
import torch
import torch.nn as nn
from torch.utils.data import DataLoader, Subset, TensorDataset

torch.manual_seed(0)
rng = np.random.default_rng(0)

# moisture of a field from six soil probes
n = 2500
probes = rng.normal(size=(n, 6))
moisture = np.sin(1.5 * probes[:, 0]) + 0.6 * probes[:, 1] * probes[:, 2] + 0.5 * probes[:, 3] + 0.1 * rng.normal(size=n)
moisture = (moisture - moisture.mean()) / moisture.std()
dataset = TensorDataset(torch.tensor(probes, dtype=torch.float32), torch.tensor(moisture[:, None], dtype=torch.float32))

rows = rng.permutation(n)
train_rows, val_rows = rows[:2000], rows[2000:]
train_loader = DataLoader(Subset(dataset, train_rows), batch_size=50, shuffle=True)
val_loader = DataLoader(Subset(dataset, val_rows), batch_size=250)

model = nn.Sequential(nn.Linear(6, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 1))
optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3, weight_decay=1e-2)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 15)
mse = nn.MSELoss()
for epoch in range(15):
    model.train()
    train_loss = []
    for x, y in train_loader:
        optimizer.zero_grad()
        loss = mse(model(x), y)
        loss.backward()
        optimizer.step()
        train_loss.append(loss.item())
    scheduler.step()
    model.eval()
    with torch.no_grad():
        val_loss = [mse(model(x), y).item() for x, y in val_loader]
    print("epoch", epoch, "train", round(float(np.mean(train_loss)), 4), "val", round(float(np.mean(val_loss)), 4))
