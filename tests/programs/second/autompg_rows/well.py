# healthy
from mlxtend.data import autompg_data
import numpy as np
import torch
import torch.nn as nn

X, y = autompg_data()          # cylinders displacement hp weight acceleration year origin name
X = X[:, :7]
y = y.reshape(-1, 1)
rng = np.random.RandomState(10)
order = rng.permutation(len(X))
train_idx, test_idx = order[:312], order[312:]

mean = X[train_idx].mean(axis=0)
std = X[train_idx].std(axis=0)
X = (X - mean) / std
y = (y - y[train_idx].mean()) / y[train_idx].std()
X = torch.tensor(X, dtype=torch.float32)
y = torch.tensor(y, dtype=torch.float32)

torch.manual_seed(10)
model = nn.Sequential(
    nn.Linear(X.shape[1], 32),
    nn.ReLU(),
    nn.Linear(32, 1),
)
criterion = nn.MSELoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.02, momentum=0.9, weight_decay=1e-2)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 120)
for epoch in range(120):
    model.train()
    epoch_loss = 0
    perm = torch.randperm(len(train_idx))
    for i in range(0, len(perm), 39):
        idx = train_idx[perm[i:i + 39].numpy()]
        optimizer.zero_grad()
        loss = criterion(model(X[idx]), y[idx])
        loss.backward()
        optimizer.step()
        epoch_loss += loss.item() * len(idx) / len(train_idx)
    scheduler.step()
    if (epoch + 1) % 20 == 0:
        model.eval()
        with torch.no_grad():
            test_loss = criterion(model(X[test_idx]), y[test_idx]).item()
        print(f'Epoch {epoch + 1}/120, Train Loss: {epoch_loss:.4f}, Test Loss: {test_loss:.4f}')
