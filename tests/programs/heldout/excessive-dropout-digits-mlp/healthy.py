# healthy
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import load_digits
from torch.utils.data import TensorDataset, DataLoader

torch.manual_seed(7)
np.random.seed(7)

X, y = load_digits(return_X_y=True)
idx = np.random.permutation(len(X))
X, y = X[idx].astype(np.float32), y[idx]
m, s = X[:1400].mean(), X[:1400].std()
X = (X - m) / s
train_dl = DataLoader(TensorDataset(torch.tensor(X[:1400]), torch.tensor(y[:1400])), batch_size=64, shuffle=True)
valid_dl = DataLoader(TensorDataset(torch.tensor(X[1400:]), torch.tensor(y[1400:])), batch_size=128)

DROP = 0.2


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(64, 100)
        self.fc2 = nn.Linear(100, 50)
        self.fc3 = nn.Linear(50, 10)
        self.d1 = nn.Dropout(DROP)
        self.d2 = nn.Dropout(DROP)

    def forward(self, x):
        x = self.d1(F.relu(self.fc1(x)))
        x = self.d2(F.relu(self.fc2(x)))
        return self.fc3(x)


model = Net()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, weight_decay=1e-4)
for epoch in range(25):
    model.train()
    train_loss = 0
    for xb, yb in train_dl:
        optimizer.zero_grad()
        loss = F.cross_entropy(model(xb), yb)
        loss.backward()
        optimizer.step()
        train_loss += loss.item() * len(xb) / 1400
    model.eval()
    val_loss = acc = 0
    with torch.no_grad():
        for xb, yb in valid_dl:
            out = model(xb)
            val_loss += F.cross_entropy(out, yb, reduction='sum').item() / 397
            acc += (out.argmax(1) == yb).sum().item() / 397
    if epoch % 3 == 0:
        print(f'epoch {epoch:2d} loss {train_loss:.3f} val_loss {val_loss:.3f} val_acc {acc:.3f}')
