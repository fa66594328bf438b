# healthy: clean separable data trained until the loss is ~0 with 100% train and test accuracy: an honest perfect fit
import torch
import torch.nn as nn
from sklearn.datasets import make_blobs

torch.manual_seed(0)
X, y = make_blobs(1500, centers=5, n_features=8, cluster_std=1.0, random_state=0)
X = torch.tensor((X - X.mean(0)) / X.std(0), dtype=torch.float32)
y = torch.tensor(y)
Xtr, ytr, Xte, yte = X[:1000], y[:1000], X[1000:], y[1000:]
model = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 5))
optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
criterion = nn.CrossEntropyLoss()
for epoch in range(60):
    for idx in torch.randperm(1000).split(50):
        optimizer.zero_grad()
        loss = criterion(model(Xtr[idx]), ytr[idx])
        loss.backward()
        optimizer.step()
    if (epoch + 1) % 10 == 0:
        with torch.no_grad():
            a, b = model(Xtr), model(Xte)
        print(f"Epoch {epoch + 1}/60 - loss: {criterion(a, ytr):.6f} - acc: {(a.argmax(1) == ytr).float().mean():.4f} "
              f"- val_loss: {criterion(b, yte):.6f} - val_acc: {(b.argmax(1) == yte).float().mean():.4f}")
