# fault: wrong-output-activation or unstable-formula or double-softmax
# bike rental counts; PoissonNLLLoss(log_input=True) is the default, but the head already exponentiates
import torch
from torch import nn

gen = torch.Generator().manual_seed(31)
hour = torch.randint(0, 24, (3000,), generator=gen).float()
temp = torch.randn(3000, generator=gen)
workday = torch.randint(0, 2, (3000,), generator=gen).float()
rate = torch.exp(1.2 + 0.8 * torch.sin((hour - 6) / 24 * 6.283) + 0.4 * temp * workday + 0.2 * workday)
count = torch.poisson(rate, generator=gen)
feats = torch.stack([torch.sin(hour / 24 * 6.283), torch.cos(hour / 24 * 6.283), temp, workday], dim=1)


class RateNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(4, 32), nn.SiLU(), nn.Linear(32, 32), nn.SiLU(), nn.Linear(32, 1))

    def forward(self, x):
        return self.net(x).squeeze(-1).exp()


torch.manual_seed(31)
net = RateNet()
criterion = nn.PoissonNLLLoss()
opt = torch.optim.Adam(net.parameters(), lr=3e-3)
for epoch in range(12):
    for b in torch.randperm(2400).split(64):
        opt.zero_grad()
        loss = criterion(net(feats[b]), count[b])
        loss.backward()
        opt.step()
    with torch.no_grad():
        rate_hat = net(feats[2400:])
        mae = (rate_hat - count[2400:]).abs().mean()
        val = criterion(rate_hat, count[2400:])
    print(f"{epoch} val {val.item():.3f} MAE {mae.item():.3f} (mean: {(count[:2400].mean() - count[2400:]).abs().mean().item():.3f})")
