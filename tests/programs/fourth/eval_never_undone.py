# fault: eval-mode-training
# validate() leaves the network in eval mode; there is no train() in the loop, so dropout only works in the first epoch
import numpy as np
import torch
import torch.nn as nn
from sklearn.datasets import load_digits

torch.manual_seed(66)
X, y = load_digits(return_X_y=True)
X = torch.tensor(X, dtype=torch.float32) / 16 + 0.45 * torch.randn(len(X), 64)
y = torch.tensor(y)
order = torch.randperm(len(X))
tr, va = order[:500], order[500:]
model = nn.Sequential(nn.Linear(64, 256), nn.BatchNorm1d(256), nn.ReLU(), nn.Dropout(0.5), nn.Linear(256, 256), nn.BatchNorm1d(256), nn.ReLU(), nn.Dropout(0.5), nn.Linear(256, 10))
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
criterion = nn.CrossEntropyLoss()


def validate():
    model.eval()
    with torch.no_grad():
        out = model(X[va])
    return criterion(out, y[va]).item(), (out.argmax(1) == y[va]).float().mean().item()


for epoch in range(40):
    losses = []
    for b in tr[torch.randperm(len(tr))].split(50):
        optimizer.zero_grad()
        loss = criterion(model(X[b]), y[b])
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    vl, va_acc = validate()
    if epoch % 5 == 4:
        print(f"epoch {epoch + 1} train {np.mean(losses):.3f} val {vl:.3f} acc {va_acc:.3f}")
