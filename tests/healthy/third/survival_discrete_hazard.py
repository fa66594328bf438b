# healthy
# discrete-time survival with censoring: one hazard logit per interval, masked BCE
import numpy as np
import torch
import torch.nn as nn

rng = np.random.default_rng(4)
n, bins = 2500, 8
cov = rng.normal(size=(n, 6)).astype("float32")
risk = 1.2 * cov[:, 0] - 0.9 * cov[:, 1] + 0.8 * cov[:, 2] * cov[:, 3]
time = rng.exponential(np.exp(-risk))
censor = rng.exponential(2.0, n)
event = time <= censor
observed = np.minimum(time, censor)
edges = np.quantile(observed, np.linspace(0, 1, bins + 1)[1:-1])
interval = np.digitize(observed, edges)
at_risk = np.arange(bins)[None] <= interval[:, None]
died = (np.arange(bins)[None] == interval[:, None]) & event[:, None]
X = torch.from_numpy(cov)
M, D = torch.from_numpy(at_risk).float(), torch.from_numpy(died).float()

torch.manual_seed(4)
model = nn.Sequential(nn.Linear(6, 48), nn.ReLU(), nn.Dropout(0.1), nn.Linear(48, 48), nn.ReLU(), nn.Linear(48, bins))
opt = torch.optim.AdamW(model.parameters(), lr=2e-3, weight_decay=1e-2)


def nll(h, m, d):
    return (nn.functional.binary_cross_entropy_with_logits(h, d, reduction="none") * m).sum() / m.sum()


def concordance(score, t, e):
    ok = (t[:, None] < t[None]) & e[:, None]
    return float((score[:, None] > score[None])[ok].mean())


for epoch in range(15):
    model.train()
    for b in torch.randperm(2000).split(100):
        opt.zero_grad()
        loss = nll(model(X[b]), M[b], D[b])
        loss.backward()
        opt.step()
    model.eval()
    with torch.no_grad():
        h = model(X[2000:])
        score = h.sigmoid().cumsum(1)[:, -1].numpy()
    print(f"{epoch} val {nll(h, M[2000:], D[2000:]).item():.4f} c-index {concordance(score, observed[2000:], event[2000:]):.3f}")
