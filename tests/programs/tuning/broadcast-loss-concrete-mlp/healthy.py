# healthy
import numpy as np
import torch
import torch.nn as nn
from torch.utils.data import Dataset, DataLoader

torch.manual_seed(0)


class ConcreteData(Dataset):
    def __init__(self, n, seed):
        r = np.random.RandomState(seed)
        self.x = r.randn(n, 6).astype(np.float32)
        s = self.x[:, 0] - 0.5 * self.x[:, 1] + np.sin(2 * self.x[:, 2]) + 0.5 * np.abs(self.x[:, 3]) - 0.4
        self.y = (s / 1.4 + 0.1 * r.randn(n)).astype(np.float32)

    def __len__(self):
        return len(self.x)

    def __getitem__(self, index):
        return self.x[index], self.y[index]


train_loader = DataLoader(ConcreteData(2000, 0), batch_size=64, shuffle=True)
val_loader = DataLoader(ConcreteData(500, 1), batch_size=64)

model = nn.Sequential(nn.Linear(6, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 1))
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 10, 0.3)
criterion = nn.MSELoss()

for epoch in range(16):
    model.train()
    train_loss = 0
    for x, y in train_loader:
        optimizer.zero_grad()
        loss = criterion(model(x), y.unsqueeze(1))
        loss.backward()
        optimizer.step()
        train_loss += loss.item()
    scheduler.step()

    model.eval()
    val_loss = 0
    with torch.no_grad():
        for x, y in val_loader:
            val_loss += criterion(model(x), y.unsqueeze(1)).item()
    print(f"Epoch {epoch+1:2d} | train {train_loss / len(train_loader):.4f} | val {val_loss / len(val_loader):.4f}")
