# fault: eval-mode-training
import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset
from sklearn.datasets import make_classification
from sklearn.preprocessing import StandardScaler

SEED = 24
torch.manual_seed(SEED)

X, y = make_classification(n_samples=2600, n_features=24, n_informative=10, n_redundant=0, n_classes=3,
                           class_sep=1.2, flip_y=0.04, random_state=SEED)
N = 900
ss = StandardScaler().fit(X[:N])
X = torch.tensor(ss.transform(X), dtype=torch.float32)
y = torch.tensor(y)
train_dl = DataLoader(TensorDataset(X[:N], y[:N]), batch_size=32, shuffle=True)
valid_dl = DataLoader(TensorDataset(X[N:], y[N:]), batch_size=400)


class TabularModel(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(24, 256), nn.ReLU(), nn.Dropout(0.5),
            nn.Linear(256, 128), nn.ReLU(), nn.Dropout(0.5),
            nn.Linear(128, 3),
        )

    def forward(self, x):
        return self.layers(x)


def validate(model, loader, criterion):
    model.eval()
    loss, correct, n = 0, 0, 0
    with torch.no_grad():
        for xb, yb in loader:
            out = model(xb)
            loss += criterion(out, yb).item() * len(yb)
            correct += (out.argmax(1) == yb).sum().item()
            n += len(yb)
    return loss / n, correct / n


model = TabularModel()
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, weight_decay=1e-3)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 45)
model.train()
for epoch in range(45):
    train_loss = 0
    for xb, yb in train_dl:
        optimizer.zero_grad()
        loss = criterion(model(xb), yb)
        loss.backward()
        optimizer.step()
        train_loss += loss.item() * len(yb) / N
    scheduler.step()
    val_loss, val_acc = validate(model, valid_dl, criterion)
    if epoch % 3 == 2:
        print(f'Epoch {epoch + 1:02d} | train {train_loss:.4f} | valid {val_loss:.4f} | acc {val_acc:.4f}')
