# fault: broadcast-loss
"""Learn Black-Scholes call prices (in units of spot) with a small net and a custom Huber loss."""
import numpy as np
import torch
from scipy.stats import norm

rng = np.random.default_rng(31)
torch.manual_seed(31)


def bs_call(k, vol, tau, r):
    d1 = (-np.log(k) + (r + 0.5 * vol ** 2) * tau) / (vol * np.sqrt(tau))
    d2 = d1 - vol * np.sqrt(tau)
    return norm.cdf(d1) - k * np.exp(-r * tau) * norm.cdf(d2)


def book(n):
    k = rng.uniform(0.7, 1.3, n)
    vol = rng.uniform(0.1, 0.5, n)
    tau = rng.uniform(0.1, 2.0, n)
    r = rng.uniform(0.0, 0.05, n)
    return np.c_[k, vol, tau, r], bs_call(k, vol, tau, r)


X, c = book(4000)
Xo, co = book(1000)
xm, xs, cm, cs = X.mean(0), X.std(0), c.mean(), c.std()
X, Xo = (torch.tensor((a - xm) / xs, dtype=torch.float32) for a in (X, Xo))
c, co = (torch.tensor((a - cm) / cs, dtype=torch.float32) for a in (c, co))


class Pricer(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.l1 = torch.nn.Linear(4, 40)
        self.l2 = torch.nn.Linear(40, 40)
        self.l3 = torch.nn.Linear(40, 1)

    def forward(self, x):
        x = torch.nn.functional.softplus(self.l1(x))
        x = torch.nn.functional.softplus(self.l2(x))
        return self.l3(x)


def huber(price, quote, delta=1.0):
    e = torch.abs(price - quote)
    return torch.where(e < delta, 0.5 * e ** 2, delta * (e - 0.5 * delta)).mean()


pricer = Pricer()
opt = torch.optim.Adam(pricer.parameters(), lr=3e-3)
sch = torch.optim.lr_scheduler.ExponentialLR(opt, 0.9)
for epoch in range(30):
    tot = 0.0
    for i in torch.randperm(len(X)).split(80):
        opt.zero_grad()
        loss = huber(pricer(X[i]), c[i])
        loss.backward()
        opt.step()
        tot += loss.item() * len(i)
    sch.step()
    with torch.no_grad():
        po = pricer(Xo)
        rmse = ((po.reshape(-1) - co) * cs).pow(2).mean().sqrt()
        print(f"epoch {epoch:2d}  huber {tot / len(X):.5f}  out of sample {huber(po, co):.5f}  rmse {1e4 * rmse:.1f} bp of spot")
