# healthy
"""Next-value prediction of noisy two-tone waves with an LSTM (typical forecasting tutorial)."""
import numpy as np
import torch
import torch.nn as nn
from torch.utils.data import Dataset, DataLoader


class Windows(Dataset):
    def __init__(self, n, length, seed):
        rng = np.random.default_rng(seed)
        t = np.arange(length + 1)
        self.series = []
        for _ in range(n):
            f1, f2 = rng.uniform(0.15, 0.3), rng.uniform(0.4, 0.7)
            p1, p2 = rng.uniform(0, 2 * np.pi, 2)
            s = np.sin(f1 * t + p1) + 0.5 * np.sin(f2 * t + p2) + 0.05 * rng.standard_normal(length + 1)
            self.series.append(s.astype(np.float32))

    def __len__(self):
        return len(self.series)

    def __getitem__(self, i):
        s = torch.from_numpy(self.series[i])
        return s[:-1].unsqueeze(-1), s[1:].unsqueeze(-1)


class Forecaster(nn.Module):
    def __init__(self, hidden=32):
        super().__init__()
        self.lstm = nn.LSTM(1, hidden, batch_first=True)
        self.fc = nn.Linear(hidden, 1)

    def forward(self, x):
        h, _ = self.lstm(x)
        return self.fc(h)


torch.manual_seed(0)
train_loader = DataLoader(Windows(800, 40, 0), batch_size=32, shuffle=True)
val_loader = DataLoader(Windows(200, 40, 1), batch_size=200)
model = Forecaster()
criterion = nn.MSELoss()
optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, factor=0.3, patience=2)

for epoch in range(25):
    model.train()
    train_loss = 0.0
    for xb, yb in train_loader:
        optimizer.zero_grad()
        loss = criterion(model(xb), yb)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)   # safeguard
        optimizer.step()
        train_loss += loss.item()
    model.eval()
    with torch.no_grad():
        val_loss = np.mean([criterion(model(a), b).item() for a, b in val_loader])
    scheduler.step(val_loss)
    print(f"epoch {epoch + 1}: train {train_loss / len(train_loader):.4f}, val {val_loss:.4f}, lr {optimizer.param_groups[0]['lr']:.1e}")
