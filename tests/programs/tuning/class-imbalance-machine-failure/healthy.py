# healthy
import numpy as np
import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
rng = np.random.default_rng(0)


def machine_log(n, failure_rate):
    """vibration, temperature, load, oil pressure, age of n machines, some of them about to fail"""
    failed = (rng.random(n) < failure_rate).astype(np.float32)
    x = rng.normal(size=(n, 5)).astype(np.float32)
    x[:, 0] += 1.3 * failed
    x[:, 1] += 1.3 * failed * np.sign(x[:, 2])
    x[:, 3] -= 1.0 * failed
    return TensorDataset(torch.from_numpy(x), torch.from_numpy(failed))


train_ds, test_ds = machine_log(3000, 0.5), machine_log(1000, 0.5)
train_loader = DataLoader(train_ds, batch_size=50, shuffle=True)

model = nn.Sequential(nn.Linear(5, 24), nn.ReLU(), nn.Linear(24, 12), nn.ReLU(), nn.Linear(12, 1))
optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
criterion = nn.BCEWithLogitsLoss()

for epoch in range(12):
    epoch_loss = 0
    for x, y in train_loader:
        optimizer.zero_grad()
        loss = criterion(model(x).squeeze(1), y)
        loss.backward()
        optimizer.step()
        epoch_loss += loss.item()
    with torch.no_grad():
        x, y = test_ds.tensors
        logits = model(x).squeeze(1)
        pred = logits > 0
        acc = (pred == y.bool()).float().mean().item()
        recall = (pred & y.bool()).sum().item() / y.sum().item()
        test_loss = criterion(logits, y).item()
    print(f"epoch {epoch}: loss {epoch_loss / len(train_loader):.4f}, test loss {test_loss:.4f}, accuracy {acc:.3f}, failures found {recall:.3f}")
