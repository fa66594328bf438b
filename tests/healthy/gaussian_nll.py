# healthy: heteroscedastic Gaussian NLL: loss becomes negative; variance head through softplus
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(0)


class MeanVar(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(2, 64), nn.SiLU(), nn.Linear(64, 64), nn.SiLU())
        self.mean, self.var = nn.Linear(64, 1), nn.Linear(64, 1)

    def forward(self, x):
        h = self.body(x)
        return self.mean(h), F.softplus(self.var(h)) + 1e-4


def sample(n):
    x = torch.rand(n, 2) * 2 - 1
    s = 0.05 + 0.15 * (x[:, 1:] > 0).float() * (x[:, 1:])
    return x, 0.8 * torch.sin(3 * x[:, :1]) + s * torch.randn(n, 1), s


x, y, _ = sample(3000)
xv, yv, sv = sample(1000)
net, crit = MeanVar(), nn.GaussianNLLLoss()
opt = torch.optim.Adam(net.parameters(), lr=2e-3)
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, 25)
for epoch in range(25):
    for idx in torch.randperm(3000).split(100):
        m, v = net(x[idx])
        loss = crit(m, y[idx], v)
        opt.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 5.0)
        opt.step()
    sched.step()
    if epoch % 4 == 0:
        with torch.no_grad():
            m, v = net(xv)
        corr = torch.corrcoef(torch.stack([v.sqrt().flatten(), sv.flatten()]))[0, 1]
        print(f"epoch {epoch}: nll {loss.item():.3f} val nll {crit(m, yv, v).item():.3f} val mse {(m - yv).pow(2).mean().item():.4f} corr(sigma, true) {corr:.3f}")
