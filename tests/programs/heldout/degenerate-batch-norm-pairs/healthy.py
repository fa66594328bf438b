# healthy
import torch
import torch.nn as nn
from torch.utils.data import TensorDataset, DataLoader
from sklearn.datasets import make_friedman1

torch.manual_seed(19)
X, y = make_friedman1(n_samples=1800, n_features=6, noise=0.5, random_state=19)
X = torch.tensor((X - X[:1400].mean(0)) / X[:1400].std(0), dtype=torch.float32)
y = torch.tensor((y - y[:1400].mean()) / y[:1400].std(), dtype=torch.float32).view(-1, 1)

BATCH_SIZE = 50
train_loader = DataLoader(TensorDataset(X[:1400], y[:1400]), batch_size=BATCH_SIZE, shuffle=True)


def block(n_in, n_out):
    return nn.Sequential(nn.Linear(n_in, n_out), nn.BatchNorm1d(n_out), nn.ReLU())


model = nn.Sequential(block(6, 32), block(32, 32), nn.Linear(32, 1))
loss_fn = nn.MSELoss()
optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
EPOCHS = 30
for epoch in range(EPOCHS):
    model.train()
    train_loss = 0.0
    for xb, yb in train_loader:
        optimizer.zero_grad()
        loss = loss_fn(model(xb), yb)
        loss.backward()
        optimizer.step()
        train_loss += loss.item() / len(train_loader)
    model.eval()
    with torch.no_grad():
        val = loss_fn(model(X[1400:]), y[1400:]).item()
    print(f'epoch {epoch + 1}: train {train_loss:.4f} val {val:.4f}')
