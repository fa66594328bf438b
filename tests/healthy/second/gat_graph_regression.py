# healthy
# Graph-level regression: number-of-triangles density of random graphs, with a dense multi-head GAT and mean pooling.
import torch, torch.nn as nn, torch.nn.functional as F
torch.manual_seed(0)
N = 12
def graphs(n):
    p = torch.rand(n, 1, 1) * 0.5 + 0.2
    u = (torch.rand(n, N, N) < p).float().triu(1)
    a = u + u.transpose(1, 2)
    tri = torch.einsum("bij,bjk,bki->b", a, a, a) / 6
    deg = a.sum(-1, keepdim=True) / N
    feats = torch.cat([deg, (a @ deg) / N, torch.rand(n, N, 1)], -1)
    return feats, a, torch.log1p(tri) - 3.0
class GAT(nn.Module):
    def __init__(self, i, o, heads=4):
        super().__init__()
        self.h, self.o = heads, o // heads
        self.w = nn.Linear(i, o); self.src = nn.Parameter(torch.randn(heads, o // heads) * .3); self.dst = nn.Parameter(torch.randn(heads, o // heads) * .3)
    def forward(self, x, a):
        b = len(x); z = self.w(x).view(b, N, self.h, self.o)
        e = (z * self.src).sum(-1)[:, :, None] + (z * self.dst).sum(-1)[:, None]
        e = F.leaky_relu(e, 0.2).masked_fill((a + torch.eye(N) == 0)[..., None], -1e9)
        return torch.einsum("bijh,bjho->biho", e.softmax(2), z).reshape(b, N, -1)
class Net(nn.Module):
    def __init__(self, d=32):
        super().__init__()
        self.g1, self.g2 = GAT(3, d), GAT(d, d)
        self.skip = nn.Linear(3, d)
        self.head = nn.Sequential(nn.Linear(d, d), nn.ELU(), nn.Linear(d, 1))
    def forward(self, x, a):
        h = F.elu(self.g1(x, a) + self.skip(x))
        h = F.elu(self.g2(h, a) + h)
        return self.head(h.mean(1))[:, 0]
x, a, y = graphs(3000); xv, av, yv = graphs(600)
net = Net(); opt = torch.optim.AdamW(net.parameters(), lr=3e-3, weight_decay=1e-3)
sch = torch.optim.lr_scheduler.CosineAnnealingLR(opt, 16)
for ep in range(16):
    net.train(); t = 0
    for i in torch.randperm(3000).split(60):
        l = F.mse_loss(net(x[i], a[i]), y[i]); opt.zero_grad(); l.backward(); opt.step(); t += l.item() / 50
    sch.step(); net.eval()
    with torch.no_grad(): v = F.mse_loss(net(xv, av), yv).item()
    print(f"epoch {ep} mse {t:.4f} val {v:.4f} R2 {1 - v / yv.var().item():.3f}")
