# fault: train-validation-overlap
# RandomOverSampler first, train_test_split second. Validation looks wonderful, the leaderboard does not.
import numpy as np
import torch
from sklearn.datasets import make_classification
from sklearn.metrics import balanced_accuracy_score
from sklearn.model_selection import train_test_split
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

rng = np.random.default_rng(0)
X, y = make_classification(2400, 30, n_informative=8, weights=[0.9], flip_y=0.12, class_sep=0.7, random_state=5)
X_hidden, y_hidden, X, y = X[:1200], y[:1200], X[1200:], y[1200:]
minority = np.flatnonzero(y == 1)
extra = rng.choice(minority, (y == 0).sum() - len(minority))
X, y = np.concatenate([X, X[extra]]), np.concatenate([y, y[extra]])
X_train, X_val, y_train, y_val = train_test_split(X, y, test_size=0.25, random_state=1)


def tensors(a, b):
    return TensorDataset(torch.tensor(a, dtype=torch.float32), torch.tensor(b))


train_loader = DataLoader(tensors(X_train, y_train), batch_size=64, shuffle=True)
val_loader = DataLoader(tensors(X_val, y_val), batch_size=256)
torch.manual_seed(1)
model = nn.Sequential(nn.Linear(30, 128), nn.ReLU(), nn.Linear(128, 128), nn.ReLU(), nn.Linear(128, 2))
optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3)
loss_fn = nn.CrossEntropyLoss()
for epoch in range(15):
    model.train()
    for xb, yb in train_loader:
        optimizer.zero_grad()
        loss = loss_fn(model(xb), yb)
        loss.backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        outs = [(model(xb), yb) for xb, yb in val_loader]
    val_loss = sum(loss_fn(o, t).item() * len(t) for o, t in outs) / len(X_val)
    acc = balanced_accuracy_score(y_val, torch.cat([o.argmax(1) for o, _ in outs]))
    print(f"epoch {epoch} val_loss {val_loss:.3f} val balanced acc {acc:.3f}")
with torch.no_grad():
    hidden = model(torch.tensor(X_hidden, dtype=torch.float32)).argmax(1)
print("private leaderboard:", balanced_accuracy_score(y_hidden, hidden))
