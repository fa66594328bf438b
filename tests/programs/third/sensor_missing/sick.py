# fault: nonfinite-data
import numpy as np, pandas as pd, torch
from torch import nn
from torch.utils.data import Dataset, DataLoader

# plant sensor log -> predict efficiency
def read_log():
    r = np.random.RandomState(7)
    n = 2400
    df = pd.DataFrame({
        "t_in": r.normal(60, 8, n),
        "t_out": r.normal(35, 6, n),
        "flow": r.gamma(5, 2, n),
        "pressure": r.normal(2.1, .3, n),
    })
    df["eff"] = (0.02 * (df.t_in - df.t_out) + 0.4 * np.tanh(df.flow / 8) - 0.2 * (df.pressure - 2) ** 2
                 + r.normal(0, 0.05, n))
    df.loc[r.choice(n, 6, replace=False), "flow"] = np.nan      # sensor drop-outs
    return df

class LogDataset(Dataset):
    cols = ["t_in", "t_out", "flow", "pressure"]
    def __init__(self, df, mean, std, ymean, ystd):
        self.x = torch.tensor(((df[self.cols] - mean) / std).values, dtype=torch.float32)
        self.y = torch.tensor(((df["eff"] - ymean) / ystd).values, dtype=torch.float32).unsqueeze(1)
    def __len__(self):
        return len(self.x)
    def __getitem__(self, i):
        return self.x[i], self.y[i]

torch.manual_seed(0)
df = read_log()
tr, va = df.iloc[:1900], df.iloc[1900:]
stats = tr[LogDataset.cols].mean(), tr[LogDataset.cols].std(), tr.eff.mean(), tr.eff.std()
train_dl = DataLoader(LogDataset(tr, *stats), batch_size=32, shuffle=True)
val_dl = DataLoader(LogDataset(va, *stats), batch_size=256)

net = nn.Sequential(nn.Linear(4, 32), nn.GELU(), nn.Linear(32, 32), nn.GELU(), nn.Linear(32, 1))
optim = torch.optim.Adam(net.parameters(), lr=2e-3)
mse = nn.MSELoss()
for ep in range(20):
    net.train()
    acc = 0.
    for x, y in train_dl:
        optim.zero_grad()
        l = mse(net(x), y)
        l.backward()
        optim.step()
        acc += l.item() * len(x)
    net.eval()
    with torch.no_grad():
        v = sum(mse(net(x), y).item() * len(x) for x, y in val_dl) / len(val_dl.dataset)
    print(ep, "train", round(acc / len(train_dl.dataset), 4), "val", round(v, 4), "val R2", round(1 - v, 4))
