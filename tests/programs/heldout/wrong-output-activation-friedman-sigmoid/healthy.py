# healthy
import numpy as np
import torch
from torch import nn
from sklearn.datasets import make_friedman1
from sklearn.preprocessing import StandardScaler
from sklearn.model_selection import train_test_split

torch.manual_seed(0)
X, y = make_friedman1(n_samples=2500, n_features=7, noise=0.6, random_state=0)
X_train, X_test, y_train, y_test = train_test_split(X, y.reshape(-1, 1), random_state=0)
sx, sy = StandardScaler(), StandardScaler()
X_train = torch.from_numpy(sx.fit_transform(X_train)).float()
X_test = torch.from_numpy(sx.transform(X_test)).float()
y_train = torch.from_numpy(sy.fit_transform(y_train)).float()
y_test = torch.from_numpy(sy.transform(y_test)).float()


class Regressor(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(7, 48)
        self.fc2 = nn.Linear(48, 24)
        self.fc3 = nn.Linear(24, 1)
        self.relu = nn.ReLU()

    def forward(self, x):
        x = self.relu(self.fc1(x))
        x = self.relu(self.fc2(x))
        return self.fc3(x)


model = Regressor()
criterion = nn.MSELoss()
optimizer = torch.optim.Adam(model.parameters(), lr=3e-3, weight_decay=1e-3)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 40)
for epoch in range(40):
    model.train()
    running = 0.0
    for idx in torch.randperm(len(X_train)).split(64):
        optimizer.zero_grad()
        loss = criterion(model(X_train[idx]), y_train[idx])
        loss.backward()
        optimizer.step()
        running += loss.item() * len(idx)
    scheduler.step()
    model.eval()
    with torch.no_grad():
        test_loss = criterion(model(X_test), y_test)
    if epoch % 5 == 4:
        print(f'Epoch {epoch + 1}/40, Loss: {running / len(X_train):.4f}, Test loss: {test_loss.item():.4f}')
