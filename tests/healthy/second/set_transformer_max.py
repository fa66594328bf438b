# healthy
# Sets of variable size (padded, masked): predict log of the number of distinct digits' colours. ISAB-like attention pooling.
import torch
from torch import nn
torch.manual_seed(0)
COLOURS, MAXN = 8, 10

def sets(n):
    size = torch.randint(3, MAXN + 1, (n,))
    pool = torch.rand(n, COLOURS).argsort(1)
    width = torch.randint(1, 7, (n, 1))
    items = pool.gather(1, (torch.rand(n, MAXN) * width).long())
    mask = torch.arange(MAXN)[None] >= size[:, None]
    uniq = torch.zeros(n, COLOURS).scatter_add_(1, items, (~mask).float()).gt(0).sum(1)
    return items, mask, uniq.float()

class Net(nn.Module):
    def __init__(self, d=32):
        super().__init__()
        self.emb = nn.Embedding(COLOURS, d)
        self.att = nn.MultiheadAttention(d, 4, batch_first=True)
        self.n1, self.n2 = nn.LayerNorm(d), nn.LayerNorm(d)
        self.ff = nn.Sequential(nn.Linear(d, 64), nn.ReLU(), nn.Linear(64, d))
        self.out = nn.Sequential(nn.Linear(d, 32), nn.ReLU(), nn.Linear(32, 1))
        nn.init.constant_(self.out[-1].bias, 3.0)         # the mean count
    def forward(self, x, m):
        h = self.emb(x)
        h = self.n1(h + self.att(h, h, h, key_padding_mask=m, need_weights=False)[0])
        h = self.n2(h + self.ff(h))
        h = h.masked_fill(m[..., None], 0).sum(1) / 5
        return self.out(h)[:, 0]

tr, va = sets(5000), sets(1000)
net = Net(); opt = torch.optim.Adam(net.parameters(), lr=2e-3)
sch = torch.optim.lr_scheduler.CosineAnnealingLR(opt, 14)
for ep in range(14):
    net.train(); t = 0
    for i in torch.randperm(5000).split(64):
        loss = nn.functional.smooth_l1_loss(net(tr[0][i], tr[1][i]), tr[2][i])
        opt.zero_grad(); loss.backward(); opt.step(); t += loss.item() * len(i) / 5000
    sch.step(); net.eval()
    with torch.no_grad():
        p = net(va[0], va[1])
    print(f"epoch {ep} huber {t:.4f} val {nn.functional.smooth_l1_loss(p, va[2]).item():.4f} exact after rounding {(p.round() == va[2]).float().mean().item():.3f}")
