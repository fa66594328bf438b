"""House prices from a table: size, rooms, age, distance to the centre."""

import numpy as np
import torch

rng = np.random.default_rng(0)
n = 800
size = rng.gamma(6.0, 18.0, n)
rooms = np.clip(np.round(size / 28 + rng.normal(0, 0.8, n)), 1, 9)
age = rng.uniform(0, 90, n)
distance = rng.exponential(6.0, n)
price = 45_000 + 3_100 * size + 9_000 * rooms - 700 * age - 4_500 * distance + rng.normal(0, 18_000, n)

table = np.column_stack([size, rooms, age, distance])
table = (table - table.mean(0)) / table.std(0)
features = torch.tensor(table, dtype=torch.float32)
prices = torch.tensor(price, dtype=torch.float32).unsqueeze(1)

torch.manual_seed(0)
regressor = torch.nn.Sequential(
    torch.nn.Linear(4, 32),
    torch.nn.ReLU(),
    torch.nn.Linear(32, 32),
    torch.nn.ReLU(),
    torch.nn.Linear(32, 1),
)
optimizer = torch.optim.Adam(regressor.parameters(), lr=1e-3)
mse = torch.nn.MSELoss()

for epoch in range(40):
    for rows in torch.randperm(n).split(40):
        optimizer.zero_grad()
        loss = mse(regressor(features[rows]), prices[rows])
        loss.backward()
        optimizer.step()
    if epoch % 10 == 9:
        with torch.no_grad():
            error = (regressor(features) - prices).abs().mean().item()
        print(f"epoch {epoch + 1}: mean absolute error {error:,.0f}")
