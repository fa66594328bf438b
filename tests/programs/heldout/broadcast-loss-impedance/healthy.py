# healthy
import torch
import torch.nn as nn
from sklearn.datasets import make_friedman2
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

torch.manual_seed(12)
# circuit impedance from R, omega, L, C
X, y = make_friedman2(n_samples=2000, noise=20.0, random_state=12)
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.2, random_state=12)
scaler = StandardScaler()
X_train = torch.tensor(scaler.fit_transform(X_train), dtype=torch.float32)
X_test = torch.tensor(scaler.transform(X_test), dtype=torch.float32)
mean, std = y_train.mean(), y_train.std()
y_train = torch.tensor((y_train - mean) / std, dtype=torch.float32)
y_test = torch.tensor((y_test - mean) / std, dtype=torch.float32)
y_train, y_test = y_train.unsqueeze(1), y_test.unsqueeze(1)

train_loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(X_train, y_train), batch_size=32, shuffle=True)

model = nn.Sequential(nn.Linear(4, 32), nn.ReLU(), nn.Linear(32, 32), nn.ReLU(), nn.Linear(32, 1))
loss_fn = nn.MSELoss()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)

for epoch in range(30):
    model.train()
    epoch_loss = 0
    for xb, yb in train_loader:
        pred = model(xb)
        loss = loss_fn(pred, yb)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        epoch_loss += loss.item()
    model.eval()
    with torch.no_grad():
        pred = model(X_test)
        test_loss = loss_fn(pred, y_test).item()
        r2 = 1 - ((pred.flatten() - y_test.flatten()) ** 2).mean() / y_test.var()
    if epoch % 3 == 2:
        print(f"Epoch {epoch + 1}: train loss {epoch_loss / len(train_loader):.4f}, test loss {test_loss:.4f}, test R2 {r2:.3f}")
