# fault: double-softmax
# Churn model -> sigmoid in forward(), BCEWithLogitsLoss outside
import numpy as np
import torch
import torch.nn as nn
from sklearn.metrics import log_loss

np.random.seed(0)
torch.manual_seed(0)
N = 2500
tenure = np.random.rand(N)
calls = np.random.poisson(2, N)
bill = np.random.randn(N)
logit = 4 * (0.4 - tenure) + 0.9 * (calls - 2) + 1.2 * bill * (tenure > 0.5)
churn = (np.random.rand(N) < 1 / (1 + np.exp(-2 * logit))).astype(np.float32)
X = np.stack([(tenure - 0.5) * 3.4, (calls - 2) / 1.4, bill], 1).astype(np.float32)

class ChurnNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer_1 = nn.Linear(3, 32)
        self.layer_2 = nn.Linear(32, 16)
        self.layer_out = nn.Linear(16, 1)
        self.relu = nn.ReLU()
        self.batchnorm1 = nn.BatchNorm1d(32)

    def forward(self, inputs):
        x = self.relu(self.layer_1(inputs))
        x = self.batchnorm1(x)
        x = self.relu(self.layer_2(x))
        return torch.sigmoid(self.layer_out(x))

model = ChurnNet()
criterion = nn.BCEWithLogitsLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=0.005)
Xt, yt = torch.from_numpy(X), torch.from_numpy(churn)

for e in range(1, 13):
    model.train()
    epoch_loss = epoch_acc = 0
    nb = 0
    for ids in torch.randperm(2000).split(100):
        optimizer.zero_grad()
        y_pred = model(Xt[ids])
        loss = criterion(y_pred, yt[ids].unsqueeze(1))
        loss.backward()
        optimizer.step()
        epoch_loss += loss.item()
        epoch_acc += (y_pred.round().squeeze() == yt[ids]).float().mean().item()
        nb += 1
    model.eval()
    with torch.no_grad():
        p = model(Xt[2000:])
    print(f"Epoch {e + 0:03}: | Loss: {epoch_loss / nb:.5f} | Acc: {epoch_acc / nb:.3f} | test logloss {log_loss(churn[2000:], p.numpy()):.3f}")
