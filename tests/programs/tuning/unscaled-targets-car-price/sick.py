# fault: unscaled-targets
import numpy as np
import torch
from torch import nn, optim
from torch.utils.data import TensorDataset, DataLoader, random_split

torch.manual_seed(42)
rng = np.random.RandomState(42)

# used cars: age (years), mileage (10k km), power (100 hp), number of owners
n = 2000
age = rng.uniform(0, 15, n)
km = age * 1.3 + rng.normal(0, 2, n).clip(-4, 4)
hp = rng.uniform(0.6, 3.0, n)
owners = rng.randint(1, 5, n)
price = 14000 * hp ** 1.2 * np.exp(-0.12 * age) * (1 - 0.01 * km) - 300 * owners + rng.normal(0, 400, n) + 3000

features = np.column_stack([age, km, hp, owners])
features = (features - features.mean(axis=0)) / features.std(axis=0)
target = price.reshape(-1, 1)

ds = TensorDataset(torch.tensor(features, dtype=torch.float32), torch.tensor(target, dtype=torch.float32))
train_set, val_set = random_split(ds, [1600, 400])
train_loader = DataLoader(train_set, batch_size=32, shuffle=True)
val_loader = DataLoader(val_set, batch_size=400)

model = nn.Sequential(
    nn.Linear(4, 32),
    nn.ReLU(),
    nn.Linear(32, 32),
    nn.ReLU(),
    nn.Linear(32, 1),
)
optimizer = optim.Adam(model.parameters(), lr=1e-3)
loss_fn = nn.MSELoss()

for epoch in range(30):
    model.train()
    losses = []
    for xb, yb in train_loader:
        optimizer.zero_grad()
        loss = loss_fn(model(xb), yb)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    model.eval()
    with torch.no_grad():
        xv, yv = next(iter(val_loader))
        pv = model(xv)
        val_loss = loss_fn(pv, yv)
        r2 = 1 - ((pv - yv) ** 2).sum() / ((yv - yv.mean()) ** 2).sum()
    if epoch % 3 == 0 or epoch == 29:
        print(f"Epoch {epoch:3d}  train {np.mean(losses):.4f}  val {val_loss.item():.4f}  R2 {r2.item():.3f}")
