# fault: class-imbalance
# Fraud detection
import numpy as np
import torch
import torch.nn as nn
from sklearn.datasets import make_classification
from sklearn.metrics import recall_score, precision_score
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

np.random.seed(8)
torch.manual_seed(8)

X, y = make_classification(n_samples=40000, n_features=10, n_informative=6, n_redundant=0, n_clusters_per_class=1,
                           weights=[0.98], class_sep=0.75, flip_y=0, random_state=8)
keep = np.random.choice(len(y), 4000, replace=False)
X, y = X[keep], y[keep]
print('transactions:', len(y), 'fraud:', int(y.sum()))
X_train, X_valid, y_train, y_valid = train_test_split(X, y, test_size=0.25, stratify=y, random_state=8)
scaler = StandardScaler()
X_train = torch.tensor(scaler.fit_transform(X_train), dtype=torch.float32)
X_valid = torch.tensor(scaler.transform(X_valid), dtype=torch.float32)
y_train, y_valid = torch.tensor(y_train).float(), torch.tensor(y_valid).float()

model = nn.Sequential(nn.Linear(10, 16), nn.ReLU(), nn.Linear(16, 1), nn.Flatten(0))
loss_fn = nn.BCEWithLogitsLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)

for epoch in range(36):
    model.train()
    total = 0.0
    for idx in torch.randperm(len(X_train)).split(32):
        optimizer.zero_grad()
        loss = loss_fn(model(X_train[idx]), y_train[idx])
        loss.backward()
        optimizer.step()
        total += loss.item() * len(idx) / len(X_train)
    model.eval()
    with torch.no_grad():
        logit = model(X_valid)
    pred = (logit > 0).float()
    if epoch % 3 == 0:
        print(f"epoch {epoch:2d} loss {total:.4f} val {loss_fn(logit, y_valid).item():.4f} "
              f"acc {(pred == y_valid).float().mean().item():.4f} recall {recall_score(y_valid, pred):.3f} "
              f"precision {precision_score(y_valid, pred, zero_division=0):.3f}")
