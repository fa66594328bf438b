# fault: degenerate-batch-norm or batch-size-misfit
# GPU memory was short, so batch_size=2 everywhere (detector-style crops), BatchNorm kept
import torch
import torch.nn as nn
from sklearn.datasets import load_digits
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(6)
d = load_digits()
x = torch.tensor(d.data, dtype=torch.float32) / 8 - 1
y = torch.tensor(d.target)
p = torch.randperm(len(x))
x, y = x[p], y[p]
train_loader = DataLoader(TensorDataset(x[:1000], y[:1000]), batch_size=2, shuffle=True)
val_loader = DataLoader(TensorDataset(x[1000:], y[1000:]), batch_size=200)

net = nn.Sequential(
    nn.Linear(64, 64), nn.BatchNorm1d(64), nn.ReLU(),
    nn.Linear(64, 64), nn.BatchNorm1d(64), nn.ReLU(),
    nn.Linear(64, 10),
)
optimizer = torch.optim.SGD(net.parameters(), lr=0.01, momentum=0.9)
criterion = nn.CrossEntropyLoss()
for epoch in range(4):
    net.train()
    total = 0.0
    for xb, yb in train_loader:
        optimizer.zero_grad()
        loss = criterion(net(xb), yb)
        loss.backward()
        optimizer.step()
        total += loss.item()
    net.eval()
    with torch.no_grad():
        vl = sum(criterion(net(xb), yb).item() for xb, yb in val_loader) / len(val_loader)
        acc = sum((net(xb).argmax(1) == yb).sum().item() for xb, yb in val_loader) / 797
    print(f"epoch {epoch}: train {total / len(train_loader):.3f} val {vl:.3f} acc {acc:.3f}")
