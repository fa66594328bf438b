# fault: overfitting
import torch
import torch.nn as nn
from sklearn.datasets import make_friedman1

torch.manual_seed(50)
N_TRAIN = 60
X, y = make_friedman1(n_samples=N_TRAIN + 1000, n_features=15, noise=3.5, random_state=50)
X_train, X_val, y_train, y_val = X[:N_TRAIN], X[N_TRAIN:], y[:N_TRAIN], y[N_TRAIN:]
xm, xs, ym, ys = X_train.mean(0), X_train.std(0), y_train.mean(), y_train.std()
as_t = lambda a: torch.tensor(a, dtype=torch.float32)
X_train, X_val = as_t((X_train - xm) / xs), as_t((X_val - xm) / xs)
y_train, y_val = as_t((y_train - ym) / ys)[:, None], as_t((y_val - ym) / ys)[:, None]

model = nn.Sequential(nn.Linear(15, 256), nn.ReLU(), nn.Linear(256, 128), nn.ReLU(), nn.Linear(128, 1))
loss_fn = nn.MSELoss()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
EPOCHS = 60

for epoch in range(1, EPOCHS + 1):
    model.train()
    train_loss = 0.0
    for idx in torch.randperm(N_TRAIN).split(20):
        optimizer.zero_grad()
        loss = loss_fn(model(X_train[idx]), y_train[idx])
        loss.backward()
        optimizer.step()
        train_loss += loss.item() * len(idx) / N_TRAIN
    model.eval()
    with torch.no_grad():
        val_loss = loss_fn(model(X_val), y_val).item()
    if epoch % (EPOCHS // 15) == 0:
        print(f"epoch {epoch:4d}  train {train_loss:.4f}  val {val_loss:.4f}")
