# fault: train-validation-overlap
import random
import torch
import torch.nn as nn
from sklearn.datasets import make_classification

random.seed(6)
torch.manual_seed(6)

X, y = make_classification(n_samples=2000, n_features=14, n_informative=7, n_redundant=0, n_classes=3,
                           n_clusters_per_class=1, class_sep=1.3, flip_y=0.04, random_state=6)
n = len(y)
train_ids = random.sample(range(n), int(0.8 * n))
val_ids = random.sample(range(n), int(0.2 * n))

mean, std = X[train_ids].mean(0), X[train_ids].std(0)
X = torch.tensor((X - mean) / std, dtype=torch.float32)
y = torch.tensor(y)
X_train, y_train, X_val, y_val = X[train_ids], y[train_ids], X[val_ids], y[val_ids]


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Linear(14, 32)
        self.b = nn.Linear(32, 3)

    def forward(self, x):
        return self.b(torch.relu(self.a(x)))


model = Model()
loss_fn = nn.CrossEntropyLoss()
opt = torch.optim.Adam(model.parameters(), lr=1e-3, weight_decay=1e-3)
for epoch in range(30):
    perm = torch.randperm(len(X_train))
    loss_sum = 0
    for i in range(0, len(perm), 32):
        opt.zero_grad()
        loss = loss_fn(model(X_train[perm[i:i + 32]]), y_train[perm[i:i + 32]])
        loss.backward()
        opt.step()
        loss_sum += loss.item() * 32 / len(perm)
    with torch.no_grad():
        logits = model(X_val)
        val_loss = loss_fn(logits, y_val).item()
        val_acc = (logits.argmax(1) == y_val).float().mean().item()
    if epoch % 3 == 2:
        print(f'epoch {epoch + 1}: loss {loss_sum:.4f} val loss {val_loss:.4f} val acc {val_acc:.4f}')
