# healthy: DeepSets, mean pooling over padded sets with a mask; many input rows are exactly zero; standardised target
import torch, torch.nn as nn
torch.manual_seed(0)

def make(n, m=8):
    k = torch.randint(3, m + 1, (n, 1))
    mask = (torch.arange(m) < k).float()
    x = torch.randn(n, m, 2) * mask.unsqueeze(-1)
    y = (x.pow(2).sum(-1) * mask).sum(1) / k.squeeze(1)
    return x, mask, y

x, mask, y = make(3000); xv, mv, yv = make(500)
mu, sd = y.mean(), y.std()
y, yv = (y - mu) / sd, (yv - mu) / sd

class DeepSets(nn.Module):
    def __init__(self, h=48):
        super().__init__()
        self.phi = nn.Sequential(nn.Linear(2, h), nn.ELU(), nn.Linear(h, h))
        self.rho = nn.Sequential(nn.Linear(h + 1, h), nn.ELU(), nn.Linear(h, 1))
    def forward(self, x, m):
        n = m.sum(1, keepdim=True)
        s = (self.phi(x) * m.unsqueeze(-1)).sum(1) / n
        return self.rho(torch.cat([s, n / 8], 1)).squeeze(1)

net = DeepSets(); opt = torch.optim.Adam(net.parameters(), lr=3e-3)
sched = torch.optim.lr_scheduler.ReduceLROnPlateau(opt, factor=0.5, patience=2, min_lr=2e-4)
for ep in range(15):
    for b in torch.randperm(3000).split(64):
        loss = nn.functional.mse_loss(net(x[b], mask[b]), y[b])
        opt.zero_grad(); loss.backward(); opt.step()
    with torch.no_grad(): v = nn.functional.mse_loss(net(xv, mv), yv).item()
    sched.step(v)
    if ep % 3 == 2: print('epoch', ep + 1, 'train', round(loss.item(), 5), 'val', round(v, 5), 'lr', opt.param_groups[0]['lr'])
