# fault: unscaled-inputs

import torch
import torch.nn as nn

torch.manual_seed(3)

N, T = 1600, 24
# hourly station data: pressure [Pa], temperature [K], humidity [%]
steps = torch.randn(N, T, 3)
smooth = steps.cumsum(1) / T ** 0.5
pressure = 101325 + 600 * smooth[:, :, 0]
temp = 285 + 6 * smooth[:, :, 1]
hum = 60 + 12 * smooth[:, :, 2]
score = -(pressure[:, -1] - pressure[:, 0]) / 600 + (hum.mean(1) - 60) / 12
rain = (score + 0.1 * torch.randn(N) > 0).long()

data = torch.stack([pressure, temp, hum], dim=2)
xtr, ytr, xva, yva = data[:1200], rain[:1200], data[1200:], rain[1200:]


class RainGRU(nn.Module):
    def __init__(self):
        super(RainGRU, self).__init__()
        self.gru = nn.GRU(3, 24, batch_first=True)
        self.fc = nn.Linear(24, 2)

    def forward(self, x):
        _, h = self.gru(x)
        return self.fc(h[-1])


net = RainGRU()
optimizer = torch.optim.Adam(net.parameters(), lr=5e-3)
ce = nn.CrossEntropyLoss()

for ep in range(12):
    order = torch.randperm(1200)
    tr_loss = 0.
    for k in range(0, 1200, 60):
        sel = order[k:k + 60]
        optimizer.zero_grad()
        l = ce(net(xtr[sel]), ytr[sel])
        l.backward()
        optimizer.step()
        tr_loss += l.item() / 20
    with torch.no_grad():
        o = net(xva)
    print('ep %d  train %.3f  valid %.3f  acc %.1f%%' % (ep, tr_loss, ce(o, yva).item(), 100 * (o.argmax(1) == yva).float().mean().item()))
