# healthy
# Number of doctor visits: Poisson regression with exposure offset; loss drops the log k! term and so goes negative.
import numpy as np, torch, torch.nn as nn
torch.manual_seed(0); rng = np.random.default_rng(0)
n = 9000
age = rng.uniform(18, 80, n); income = rng.lognormal(10, 0.5, n); chronic = rng.poisson(0.7, n); smoker = rng.random(n) < 0.25; exposure = rng.uniform(0.5, 2.0, n)
log_rate = -0.2 + 0.012 * (age - 45) + 0.35 * np.minimum(chronic, 3) + 0.3 * smoker - 0.25 * (np.log(income) - 10) + 0.4 * ((age > 65) & smoker)
visits = rng.poisson(exposure * np.exp(log_rate))
feats = np.stack([(age - 45) / 18, (np.log(income) - 10) / 0.5, chronic, smoker], 1)
X = torch.tensor(feats, dtype=torch.float32); off = torch.tensor(np.log(exposure), dtype=torch.float32); y = torch.tensor(visits, dtype=torch.float32)
ntr = 7200
net = nn.Sequential(nn.Linear(4, 32), nn.Softplus(), nn.Linear(32, 16), nn.Softplus(), nn.Linear(16, 1))
opt = torch.optim.Adam(net.parameters(), lr=3e-3)
sched = torch.optim.lr_scheduler.ExponentialLR(opt, 0.85)
nll = lambda eta, k: (eta.exp() - k * eta).mean()          # Poisson up to log k!
with torch.no_grad():
    const = (y[:ntr].sum() / off[:ntr].exp().sum()).log(); base = nll(const + off[ntr:], y[ntr:]).item()
    oracle = nll(torch.tensor(log_rate[ntr:]).float() + off[ntr:], y[ntr:]).item()
for ep in range(20):
    net.train(); s = 0
    for b in torch.randperm(ntr).split(64):
        loss = nll(net(X[b])[:, 0] + off[b], y[b])
        opt.zero_grad(); loss.backward(); opt.step(); s += loss.item() * len(b) / ntr
    sched.step(); net.eval()
    with torch.no_grad(): v = nll(net(X[ntr:])[:, 0] + off[ntr:], y[ntr:]).item()
    print(f"epoch {ep} train nll {s:.4f} held-out {v:.4f} (constant rate {base:.4f}, true rate {oracle:.4f})")
