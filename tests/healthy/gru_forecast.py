# healthy: one-step-ahead forecasting with a GRU, windows overlap heavily, loss falls to the noise floor and stays there
import numpy as np
import torch
from torch import nn

rng = np.random.default_rng(0)
torch.manual_seed(0)
t = np.arange(1200)
series = np.sin(2 * np.pi * t / 25) + 0.5 * np.sin(2 * np.pi * t / 60 + 1) + 0.1 * rng.standard_normal(len(t))
mu, sd = series[:900].mean(), series[:900].std()
series = (series - mu) / sd

WINDOW = 30
def windows(s):
    xs = np.stack([s[i:i + WINDOW] for i in range(len(s) - WINDOW)])
    return torch.tensor(xs, dtype=torch.float32).unsqueeze(-1), torch.tensor(s[WINDOW:], dtype=torch.float32).unsqueeze(-1)

x_train, y_train = windows(series[:900])
x_test, y_test = windows(series[900:])

class Forecaster(nn.Module):
    def __init__(self):
        super().__init__()
        self.gru = nn.GRU(input_size=1, hidden_size=32, batch_first=True)
        self.head = nn.Linear(32, 1)

    def forward(self, x):
        _, h = self.gru(x)
        return self.head(h[-1])

net = Forecaster()
optimizer = torch.optim.Adam(net.parameters(), lr=5e-3)
mse = nn.MSELoss()
for epoch in range(1, 13):
    net.train()
    losses = []
    order = torch.randperm(len(x_train))
    for i in range(0, len(order), 64):
        batch = order[i:i + 64]
        optimizer.zero_grad()
        loss = mse(net(x_train[batch]), y_train[batch])
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    net.eval()
    with torch.no_grad():
        test = mse(net(x_test), y_test).item()
    if epoch % 3 == 0:
        print(f"epoch {epoch} train mse {np.mean(losses):.4f} test mse {test:.4f}")
print("naive (last value) mse", mse(x_test[:, -1], y_test).item())
