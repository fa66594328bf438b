# healthy
import torch
from torch import nn
from sklearn.datasets import make_friedman1
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(5)

X, y = make_friedman1(n_samples=2500, n_features=6, noise=0.5, random_state=5)
X = torch.tensor((X - X.mean(0)) / X.std(0)).float()
y = torch.tensor((y - y.mean()) / y.std()).float().view(-1, 1)

loader = DataLoader(TensorDataset(X[:2000], y[:2000]), batch_size=50, shuffle=True)


class Regressor(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(
            nn.Linear(6, 50),
            nn.ReLU(),
            nn.Linear(50, 25),
            nn.ReLU(),
            nn.Linear(25, 1),
        )

    def forward(self, x):
        return self.net(x)


model = Regressor()
optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
criterion = nn.MSELoss()
for epoch in range(25):
    epoch_loss = 0
    model.train()
    for inputs, labels in loader:
        optimizer.zero_grad()
        outputs = model(inputs)
        loss = criterion(outputs, labels)
        loss.backward()
        optimizer.step()
        epoch_loss += loss.item()
    model.eval()
    with torch.no_grad():
        val_loss = criterion(model(X[2000:]), y[2000:]).item()
    print(f'Epoch [{epoch+1}/25], Loss: {epoch_loss/len(loader):.4f}, Val: {val_loss:.4f}')
