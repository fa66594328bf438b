# healthy: a baseline and then a second model trained in the same process, variables re-used: loss jumps up in between
import torch
import torch.nn as nn
from sklearn.datasets import load_digits
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
d = load_digits()
X, y = torch.tensor(d.data, dtype=torch.float32) / 16, torch.tensor(d.target)
perm = torch.randperm(len(X))
X, y = X[perm], y[perm]
loader = DataLoader(TensorDataset(X[:1400], y[:1400]), batch_size=64, shuffle=True)
loss_fn = nn.CrossEntropyLoss()


def fit(model, optimizer, epochs):
    for epoch in range(epochs):
        model.train()
        for xb, yb in loader:
            optimizer.zero_grad()
            loss = loss_fn(model(xb), yb)
            loss.backward()
            optimizer.step()
        model.eval()
        with torch.no_grad():
            out = model(X[1400:])
        if (epoch + 1) % 3 == 0:
            print(f"  epoch {epoch + 1} loss {loss.item():.4f} val {loss_fn(out, y[1400:]):.4f} acc {(out.argmax(1) == y[1400:]).float().mean():.4f}")


print("baseline: linear")
model = nn.Linear(64, 10)
fit(model, torch.optim.Adam(model.parameters(), lr=1e-2), 12)
print("MLP")
model = nn.Sequential(nn.Linear(64, 100), nn.ReLU(), nn.Linear(100, 10))
fit(model, torch.optim.Adam(model.parameters(), lr=2e-3, weight_decay=1e-4), 15)
