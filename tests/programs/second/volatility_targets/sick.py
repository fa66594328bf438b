# fault: nonfinite-data
"""Realised volatility of tomorrow from rolling statistics of a simulated GARCH market (five tickers)."""
import numpy as np
import pandas as pd
import torch
from torch.utils.data import DataLoader, TensorDataset, random_split


def garch(n, seed, omega=.02, alpha=.12, beta=.86):
    g = np.random.default_rng(seed)
    r, s2 = np.zeros(n), np.ones(n)
    for t in range(1, n):
        s2[t] = omega + alpha * r[t - 1] ** 2 + beta * s2[t - 1]
        r[t] = np.sqrt(s2[t]) * g.standard_normal()
    return r, np.sqrt(s2)


frames = []
for k, ticker in enumerate(["AAA", "BBB", "CCC", "DDD", "EEE"]):
    r, vol = garch(900, k)
    f = pd.DataFrame({"ret": r, "absret": np.abs(r), "vol": vol})
    for w in (3, 5, 10, 20, 40):
        f[f"rv{w}"] = f.ret.rolling(w, min_periods=1).apply(lambda a: np.sqrt(np.mean(a ** 2)), raw=True)
    f["ewm"] = np.sqrt((f.ret ** 2).ewm(alpha=.12).mean())
    f["target"] = np.log(f.vol.shift(-1))
    frames.append(f.iloc[60:])
data = pd.concat(frames, ignore_index=True)
cols = [c for c in data.columns if c not in ("target", "vol")]
X = (data[cols] - data[cols].mean()) / data[cols].std()
t = (data.target - data.target.mean()) / data.target.std()
print(data.target.describe().round(3).to_dict())

torch.manual_seed(5)
full = TensorDataset(torch.tensor(X.values, dtype=torch.float32), torch.tensor(t.values, dtype=torch.float32).unsqueeze(1))
tr, va = random_split(full, [len(full) - 800, 800])
loader, vloader = DataLoader(tr, 128, shuffle=True), DataLoader(va, 400)
mlp = torch.nn.Sequential(torch.nn.Linear(len(cols), 32), torch.nn.SiLU(), torch.nn.Linear(32, 32), torch.nn.SiLU(), torch.nn.Linear(32, 1))
opt = torch.optim.AdamW(mlp.parameters(), 3e-3, weight_decay=.05)
sched = torch.optim.lr_scheduler.LinearLR(opt, 1.0, 0.02, 25)
for epoch in range(25):
    mlp.train()
    tot = [0, 0]
    for a, b in loader:
        loss = torch.nn.functional.smooth_l1_loss(mlp(a), b)
        opt.zero_grad(); loss.backward(); opt.step()
        tot[0] += loss.item() * len(a); tot[1] += len(a)
    sched.step()
    mlp.eval()
    with torch.no_grad():
        vs = [torch.nn.functional.smooth_l1_loss(mlp(a), b).item() for a, b in vloader]
    print(f"{epoch:3d} train {tot[0] / tot[1]:.4f} valid {np.mean(vs):.4f}")
