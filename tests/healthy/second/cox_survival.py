# healthy
# DeepSurv: Cox partial likelihood with right censoring. Large batches because the risk set is the batch.
import torch
import torch.nn as nn

torch.manual_seed(0)


def simulate(n):
    x = torch.randn(n, 6)
    risk = 1.2 * x[:, 0] - 0.9 * x[:, 1] + 0.8 * (x[:, 2] ** 2 - 1)
    t = -torch.log(torch.rand(n)) / torch.exp(risk)
    c = -torch.log(torch.rand(n)) * 3
    return x, torch.minimum(t, c), (t <= c).float()


def cox_loss(score, time, event):
    order = torch.argsort(time, descending=True)
    s, e = score[order], event[order]
    return -((s - torch.logcumsumexp(s, 0)) * e).sum() / e.sum()


@torch.no_grad()
def c_index(score, time, event):
    first = (time[:, None] < time[None]) & (event[:, None] > 0)
    good = (score[:, None] > score[None]) & first
    return (good.sum() / first.sum()).item()


X, T, E = simulate(3000)
Xv, Tv, Ev = simulate(800)
model = nn.Sequential(nn.Linear(6, 32), nn.SELU(), nn.Linear(32, 32), nn.SELU(), nn.Linear(32, 1, bias=False))
opt = torch.optim.AdamW(model.parameters(), lr=3e-3, weight_decay=1e-2)
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, 25)
for epoch in range(25):
    model.train()
    tot = 0
    for idx in torch.randperm(3000).split(250):
        loss = cox_loss(model(X[idx]).squeeze(1), T[idx], E[idx])
        opt.zero_grad()
        loss.backward()
        opt.step()
        tot += loss.item() / 12
    sched.step()
    model.eval()
    with torch.no_grad():
        s = model(Xv).squeeze(1)
        v = sum(cox_loss(s[i:i+250], Tv[i:i+250], Ev[i:i+250]).item() for i in (0, 250, 500)) / 3
    print(f"{epoch:2d} partial nll {tot:.3f} val {v:.3f} c-index {c_index(s, Tv, Ev):.3f}")
