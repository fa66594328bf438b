# healthy
import torch
import torch.nn as nn
from sklearn.datasets import make_blobs
from torch.utils.data import DataLoader, TensorDataset, random_split

torch.manual_seed(2)
X, y = make_blobs(n_samples=2000, centers=12, n_features=3, cluster_std=0.9, random_state=2)
y = y % 4          # each class has three clusters
X = (X - X.mean(0)) / X.std(0)
dataset = TensorDataset(torch.tensor(X, dtype=torch.float32), torch.tensor(y))
train_ds, val_ds = random_split(dataset, [1600, 400])
train_dl = DataLoader(train_ds, batch_size=32, shuffle=True)
val_dl = DataLoader(val_ds, batch_size=400)

model = nn.Sequential(
    nn.Linear(3, 48), nn.ReLU(),
    nn.Linear(48, 48), nn.ReLU(),
    nn.Linear(48, 4),
)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
loss_fn = nn.CrossEntropyLoss()

for epoch in range(20):
    model.train()
    for xb, yb in train_dl:
        loss = loss_fn(model(xb), yb)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    model.eval()
    with torch.no_grad():
        for xb, yb in val_dl:
            pred = model(xb)
            print(f"epoch {epoch}: val loss {loss_fn(pred, yb).item():.4f}, val acc {(pred.argmax(1) == yb).float().mean().item():.3f}")
