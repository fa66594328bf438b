# healthy
# Next-week Mauna Loa CO2 from the previous year, LSTM
import numpy as np
import torch
import statsmodels.api as sm

torch.manual_seed(1)
series = sm.datasets.co2.load_pandas().data["co2"].interpolate().to_numpy(dtype=np.float32)
HIST = 52
cut = int(len(series) * .8)
scaled = (series - series.mean()) / series.std()
target = scaled
win = np.stack([scaled[i:i + HIST] for i in range(len(series) - HIST)])
nxt = np.stack([target[i + HIST] for i in range(len(series) - HIST)])
gen = np.random.default_rng(0).permutation(len(win))     # interpolation task: random weeks are held out
tr, te = gen[:1700], gen[1700:]
xtr, ytr = torch.from_numpy(win[tr])[..., None], torch.from_numpy(nxt[tr])[:, None]
xte, yte = torch.from_numpy(win[te])[..., None], torch.from_numpy(nxt[te])[:, None]


class Forecaster(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = torch.nn.LSTM(1, 32, batch_first=True)
        self.head = torch.nn.Linear(32, 1)

    def forward(self, x):
        out, _ = self.lstm(x)
        return self.head(out[:, -1])


net = Forecaster()
optim = torch.optim.Adam(net.parameters(), lr=5e-3)
E = 20
sch = torch.optim.lr_scheduler.CosineAnnealingLR(optim, E)
for e in range(E):
    net.train()
    ls = 0
    for b in torch.randperm(len(xtr)).split(64):
        optim.zero_grad()
        loss = torch.nn.functional.mse_loss(net(xtr[b]), ytr[b])
        loss.backward()
        optim.step()
        ls += loss.item() * len(b)
    sch.step()
    net.eval()
    with torch.no_grad():
        v = torch.nn.functional.mse_loss(net(xte), yte).item()
    print("epoch %2d  train %.5f  test %.5f  unexplained share %.4f" % (e, ls / len(xtr), v, v / yte.var().item()))
