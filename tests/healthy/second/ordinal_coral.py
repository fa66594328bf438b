# healthy
# Ordinal regression (CORAL): one shared score, K-1 increasing biases, BCE on "is the grade above k".
import torch, torch.nn as nn, torch.nn.functional as F
torch.manual_seed(0)
K = 5
def make(n):
    x = torch.rand(n, 5)                       # features in [0,1]
    s = 4 * x[:, 0] + 3 * x[:, 1] * x[:, 2] - 2 * x[:, 3] + 0.25 * torch.randn(n)
    cuts = torch.tensor([0.6, 1.4, 2.2, 3.0])
    return x, torch.bucketize(s, cuts)

class Coral(nn.Module):
    def __init__(self):
        super().__init__()
        self.f = nn.Sequential(nn.Linear(5, 32), nn.Mish(), nn.Linear(32, 32), nn.Mish(), nn.Linear(32, 1, bias=False))
        self.b = nn.Parameter(torch.linspace(1.0, -1.0, K - 1))
    def forward(self, x):
        return self.f(x) + self.b

def loss_fn(z, y):
    levels = (y[:, None] > torch.arange(K - 1)).float()
    return F.binary_cross_entropy_with_logits(z, levels)

x, y = make(5000); xv, yv = make(2000)
m = Coral()
opt = torch.optim.Adam(m.parameters(), lr=6e-3)
sch = torch.optim.lr_scheduler.CosineAnnealingLR(opt, 25)
for ep in range(25):
    m.train(); r = 0
    for i in torch.randperm(5000).split(64):
        l = loss_fn(m(x[i]), y[i]); opt.zero_grad(); l.backward(); opt.step(); r += l.item() * len(i) / 5000
    sch.step()
    m.eval()
    with torch.no_grad():
        z = m(xv); pred = (z > 0).sum(1)
        print(f"epoch {ep} {r:.4f} val {loss_fn(z, yv).item():.4f} exact {(pred == yv).float().mean().item():.3f} mae {(pred - yv).abs().float().mean().item():.3f}")
