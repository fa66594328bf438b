# healthy
# Mixture density network on the classic inverse sine problem (one x, several y).
import math
import torch
from torch import nn

torch.manual_seed(1)


class MDN(nn.Module):
    def __init__(self, k=5, h=40):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(1, h), nn.Tanh(), nn.Linear(h, h), nn.Tanh())
        self.pi, self.mu, self.logsig = nn.Linear(h, k), nn.Linear(h, k), nn.Linear(h, k)

    def forward(self, x):
        h = self.body(x)
        return torch.log_softmax(self.pi(h), -1), self.mu(h), self.logsig(h)

    def log_prob(self, x, y):
        lp, mu, ls = self(x)
        comp = -0.5 * ((y - mu) / ls.exp()) ** 2 - ls - 0.5 * math.log(2 * math.pi)
        return torch.logsumexp(lp + comp, -1)


def data(n):
    y = torch.rand(n, 1) * 2 - 1
    x = y + 0.3 * torch.sin(2 * math.pi * y) + 0.05 * torch.randn(n, 1)
    return x, y


xt, yt = data(3000)
xv, yv = data(1500)
model = MDN()
opt = torch.optim.Adam(model.parameters(), lr=4e-3)
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, 60)
for ep in range(60):
    model.train()
    tr = 0
    for idx in torch.randperm(3000).split(100):
        loss = -model.log_prob(xt[idx], yt[idx]).mean()
        opt.zero_grad()
        loss.backward()
        opt.step()
        tr += loss.item() / 30
    sched.step()
    if (ep + 1) % 5 == 0:
        model.eval()
        with torch.no_grad():
            print(f"epoch {ep+1} nll {tr:.3f} val {-model.log_prob(xv, yv).mean().item():.3f}   (uniform density: {math.log(2):.3f})")
