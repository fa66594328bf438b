# fault: overfitting
# three hundred units per layer for 120 patients
import torch
from sklearn.datasets import load_diabetes
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(5)
X, y = load_diabetes(return_X_y=True, scaled=False)
X = torch.tensor((X - X.mean(0)) / X.std(0)).float()
y = torch.tensor((y - y.mean()) / y.std()).float().unsqueeze(1)
perm = torch.randperm(442)
X, y = X[perm], y[perm]
dl = DataLoader(TensorDataset(X[:120], y[:120]), batch_size=20, shuffle=True)
net = nn.Sequential(nn.Linear(10, 300), nn.ReLU(), nn.Linear(300, 300), nn.ReLU(), nn.Linear(300, 1))
opt = torch.optim.Adam(net.parameters(), lr=1e-3)
for epoch in range(100):
    net.train()
    tot = 0.0
    for xb, yb in dl:
        opt.zero_grad()
        loss = nn.functional.mse_loss(net(xb), yb)
        loss.backward()
        opt.step()
        tot += loss.item() * len(xb)
    net.eval()
    with torch.no_grad():
        v = nn.functional.mse_loss(net(X[120:]), y[120:]).item()
    if epoch % 10 == 9:
        print(f"{epoch + 1:3d} train {tot / 120:.4f} val {v:.4f}")
