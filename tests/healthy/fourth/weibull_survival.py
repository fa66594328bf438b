# healthy
# Right-censored survival times with a Weibull likelihood, compared with the true scale.
import torch
import torch.nn as nn

torch.manual_seed(6)
n = 4000
x = torch.randn(n, 6)
log_scale = 0.8 * x[:, 0] - 0.5 * x[:, 1] * x[:, 2] + 0.4 * torch.tanh(2 * x[:, 3])
shape = 1.5
t = log_scale.exp() * (-torch.log(torch.rand(n))) ** (1 / shape)
c = torch.empty(n).exponential_(0.3)
time, event = torch.minimum(t, c), (t <= c).float()


class WeibullNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(6, 40), nn.ELU(), nn.Linear(40, 40), nn.ELU(), nn.Linear(40, 1))
        self.log_k = nn.Parameter(torch.zeros(()))

    def forward(self, x):
        return self.net(x).squeeze(-1), self.log_k.exp()


def nll(lam, k, time, event):
    z = k * (torch.log(time + 1e-8) - lam)
    log_hazard = torch.log(k) - torch.log(time + 1e-8) + z
    return (z.exp() - event * log_hazard).mean()


def concordance(risk, time, event):
    order = (time[:, None] < time[None]) & (event[:, None] > 0)
    return ((risk[:, None] > risk[None]) & order).sum() / order.sum()


model = WeibullNet()
opt = torch.optim.Adam(model.parameters(), lr=2e-3)
for epoch in range(20):
    total = 0.0
    for b in torch.randperm(3200).split(64):
        loss = nll(*model(x[b]), time[b], event[b])
        opt.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 10.0)
        opt.step()
        total += loss.item() * len(b)
    with torch.no_grad():
        lam, k = model(x[3200:])
        ci = concordance(-lam, time[3200:], event[3200:])
        best = concordance(-log_scale[3200:], time[3200:], event[3200:])
    print(f"epoch {epoch} nll {total / 3200:.4f} val nll {nll(lam, k, time[3200:], event[3200:]):.4f} k {k:.3f} C-index {ci:.4f} (true {best:.4f})")
