# healthy
import torch
import torch.nn as nn
from sklearn.datasets import make_regression
from sklearn.preprocessing import StandardScaler

torch.manual_seed(0)

X, y = make_regression(n_samples=2000, n_features=11, n_informative=8, noise=10.0, random_state=0)
X = StandardScaler().fit_transform(X)
y = StandardScaler().fit_transform(y.reshape(-1, 1))
X, y = torch.from_numpy(X).float(), torch.from_numpy(y).float()
X_train, y_train, X_test, y_test = X[:1600], y[:1600], X[1600:], y[1600:]

model = nn.Sequential(nn.Linear(11, 32), nn.ReLU(), nn.Linear(32, 16), nn.ReLU(), nn.Linear(16, 1))
criterion = nn.MSELoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)

for epoch in range(25):
    perm = torch.randperm(1600)
    for i in range(0, 1600, 50):
        batch = perm[i:i + 50]
        y_pred = model(X_train[batch])
        loss = criterion(y_pred, y_train[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        print(f"epoch {epoch + 1}: train mse {criterion(model(X_train), y_train).item():.4f}, test mse {criterion(model(X_test), y_test).item():.4f}")
