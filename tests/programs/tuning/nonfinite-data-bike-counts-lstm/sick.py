# fault: nonfinite-data
# forecast bike rentals one hour ahead
import numpy as np
import torch
import torch.nn as nn

np.random.seed(0)
torch.manual_seed(0)

hours = np.arange(24 * 120)
rate = 6 * np.exp(1.2 * np.sin(2 * np.pi * (hours - 8) / 24)) * (1 + 0.3 * np.sin(2 * np.pi * hours / (24 * 7)))
counts = np.random.poisson(rate)

series = np.log(counts)
series = (series - series[:2000].mean()) / series[:2000].std()

WINDOW = 24
X = np.stack([series[i:i + WINDOW] for i in range(len(series) - WINDOW)])
Y = series[WINDOW:]
X = torch.FloatTensor(X).unsqueeze(-1)
Y = torch.FloatTensor(Y).unsqueeze(-1)
Xtrain, Ytrain = X[:2000], Y[:2000]
Xval, Yval = X[2000:], Y[2000:]


class Forecaster(nn.Module):
    def __init__(self, hidden=20):
        super().__init__()
        self.lstm = nn.LSTM(1, hidden, batch_first=True)
        self.head = nn.Linear(hidden, 1)

    def forward(self, x):
        out, (h, c) = self.lstm(x)
        return self.head(out[:, -1])


model = Forecaster()
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
mse = nn.MSELoss()
for epoch in range(10):
    model.train()
    idx = torch.randperm(len(Xtrain))
    for j in range(0, len(idx), 100):
        batch = idx[j:j + 100]
        loss = mse(model(Xtrain[batch]), Ytrain[batch])
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 5.0)
        optimizer.step()
    model.eval()
    with torch.no_grad():
        print(epoch, "train", mse(model(Xtrain), Ytrain).item(), "val", mse(model(Xval), Yval).item())
