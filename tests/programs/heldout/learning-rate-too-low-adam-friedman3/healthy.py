# healthy
# ML course, assignment 2: regression with a neural network
import torch
import torch.nn as nn
import torch.optim as optim
from sklearn.datasets import make_friedman3
from sklearn.preprocessing import StandardScaler

torch.manual_seed(0)
X, y = make_friedman3(n_samples=2500, noise=0.05, random_state=0)
train_X, test_X, train_y, test_y = X[:2000], X[2000:], y[:2000, None], y[2000:, None]
x_scaler = StandardScaler().fit(train_X)
y_scaler = StandardScaler().fit(train_y)
train_X, test_X = [torch.Tensor(x_scaler.transform(a)) for a in (train_X, test_X)]
train_y, test_y = [torch.Tensor(y_scaler.transform(a)) for a in (train_y, test_y)]


def build_model(hidden_sizes):
    layers = []
    sizes = [4] + hidden_sizes
    for a, b in zip(sizes, sizes[1:]):
        layers.append(nn.Linear(a, b))
        layers.append(nn.ReLU())
    layers.append(nn.Linear(sizes[-1], 1))
    return nn.Sequential(*layers)


model = build_model([64, 64])
loss_function = nn.MSELoss()
optimizer = optim.Adam(model.parameters(), lr=1e-3)

n_epochs = 30
for epoch in range(n_epochs):
    model.train()
    train_loss = 0
    perm = torch.randperm(2000)
    for b in range(0, 2000, 50):
        xb, yb = train_X[perm[b:b + 50]], train_y[perm[b:b + 50]]
        optimizer.zero_grad()
        loss = loss_function(model(xb), yb)
        loss.backward()
        optimizer.step()
        train_loss += loss.item()
    model.eval()
    with torch.no_grad():
        test_loss = loss_function(model(test_X), test_y).item()
    if (epoch + 1) % 3 == 0:
        print(f"epoch {epoch + 1}: train loss = {train_loss / 40:.4f}, test loss = {test_loss:.4f}")
