# healthy
# one-step sunspot forecast
"""Sunspot forecasting with an LSTM."""
import statsmodels.api as sm
import torch
from torch import nn

torch.manual_seed(2)
series = torch.tensor(sm.datasets.sunspots.load_pandas().data["SUNACTIVITY"].values, dtype=torch.float32)
mean, std = series[:200].mean(), series[:200].std()
z = (series - mean) / std
WINDOW = 20
windows = z.unfold(0, WINDOW + 1, 1)
inputs, targets = windows[:, :-1, None], windows[:, -1:]
n_train = 180
inputs, targets = inputs[:240], targets[:240]


class Forecaster(nn.Module):
    def __init__(self, hidden=24):
        super().__init__()
        self.lstm = nn.LSTM(1, hidden, batch_first=True)
        self.linear = nn.Linear(hidden, 1)

    def forward(self, x):
        out, _ = self.lstm(x)
        return self.linear(out[:, -1])


model = Forecaster()
optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.5)
mse = nn.MSELoss()
for epoch in range(1, 41):
    model.train()
    for b in torch.randperm(n_train).split(32):
        loss = mse(model(inputs[b]), targets[b])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    if epoch % 8 == 0:
        model.eval()
        with torch.no_grad():
            rmse = mse(model(inputs[n_train:]), targets[n_train:]).sqrt().item()
            naive = mse(inputs[n_train:, -1], targets[n_train:]).sqrt().item()
        print(f"epoch {epoch} train {loss.item():.4f} test rmse {rmse:.3f} (persistence {naive:.3f})")
