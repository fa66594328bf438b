# fault: train-mode-evaluation
# Time series: next-day load forecasting with functional dropout
import torch, math
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(16)
days = 1600
t = torch.arange(days * 24).float()
load = 1.0 * torch.sin(2 * math.pi * t / 24) + 0.5 * torch.sin(4 * math.pi * t / 24 + 1) + 0.4 * torch.sin(2 * math.pi * t / (24 * 7))
amp = 1 + 0.3 * torch.sin(2 * math.pi * t / (24 * 90))
load = amp * load + 0.15 * torch.randn_like(t)
load = ((load - load.mean()) / load.std()).view(days, 24)
X, Y = load[:-1], load[1:]
ntr = 1200


class Forecaster(nn.Module):
    def __init__(self, p=0.3):
        super().__init__()
        self.a, self.b, self.c = nn.Linear(24, 64), nn.Linear(64, 64), nn.Linear(64, 24)
        self.p = p

    def forward(self, x):
        h = F.relu(self.a(x))
        h = F.dropout(h, self.p)
        h = F.relu(self.b(h))
        h = F.dropout(h, self.p)
        return self.c(h)


model = Forecaster()
opt = torch.optim.Adam(model.parameters(), lr=1e-3)
for epoch in range(25):
    model.train()
    tr = 0
    for b in torch.randperm(ntr).split(40):
        loss = F.mse_loss(model(X[b]), Y[b])
        opt.zero_grad()
        loss.backward()
        opt.step()
        tr += loss.item() * len(b) / ntr
    model.eval()
    with torch.no_grad():
        va = F.mse_loss(model(X[ntr:]), Y[ntr:]).item()
    print(f"epoch {epoch:2d} train {tr:.4f} val {va:.4f} val R2 {1 - va / Y[ntr:].var().item():.4f}")
