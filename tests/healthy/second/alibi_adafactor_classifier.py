# healthy
# Transformer encoder with directional ALiBi (no position embeddings) and max pooling; Adafactor with warm-up.
# Endless stream of random strings: does "a" directly before "b" occur?
import torch, torch.nn as nn, torch.nn.functional as F
torch.manual_seed(0)
L, V = 16, 5
def batch(n):
    x = torch.randint(0, V, (n, L))
    return x, ((x[:, :-1] == 0) & (x[:, 1:] == 1)).any(1).long()
class Layer(nn.Module):
    def __init__(self, d, h=4):
        super().__init__()
        self.h = h; self.n1, self.n2 = nn.LayerNorm(d), nn.LayerNorm(d)
        self.qkv, self.o = nn.Linear(d, 3 * d), nn.Linear(d, d)
        self.ff = nn.Sequential(nn.Linear(d, 2 * d), nn.GELU(), nn.Linear(2 * d, d))
        dist = torch.arange(L)[:, None] - torch.arange(L)
        slopes = torch.tensor([2.0, 0.5, 2.0, 0.5])
        bias = -slopes[:, None, None] * dist.abs()
        bias[:2, dist < 0] = -1e4            # two heads look left, two look right
        bias[2:, dist > 0] = -1e4
        self.register_buffer("bias", bias)
    def forward(self, x):
        b, t, d = x.shape
        q, k, v = self.qkv(self.n1(x)).view(b, t, 3, self.h, -1).permute(2, 0, 3, 1, 4)
        a = (q @ k.transpose(-1, -2) / q.shape[-1] ** .5 + self.bias).softmax(-1)
        x = x + self.o((a @ v).transpose(1, 2).reshape(b, t, d))
        return x + self.ff(self.n2(x))
class Enc(nn.Module):
    def __init__(self, d=32):
        super().__init__()
        self.e = nn.Embedding(V, d); self.l = nn.Sequential(Layer(d), Layer(d)); self.n = nn.LayerNorm(d); self.out = nn.Linear(d, 2)
    def forward(self, x):
        return self.out(self.n(self.l(self.e(x))).amax(1))
net = Enc(); S = 450
opt = torch.optim.Adafactor(net.parameters(), lr=5e-3)
sch = torch.optim.lr_scheduler.LambdaLR(opt, lambda s: min(1, (s + 1) / 40) * max(0.02, 1 - s / S))
vx, vy = batch(1000); run = 0
for s in range(1, S + 1):
    net.train(); x, y = batch(64)
    loss = F.cross_entropy(net(x), y)
    opt.zero_grad(); loss.backward(); opt.step(); sch.step(); run += loss.item()
    if s % 30 == 0:
        net.eval()
        with torch.no_grad(): o = net(vx)
        print(f"{s} loss {run/30:.4f} val {F.cross_entropy(o, vy).item():.4f} acc {(o.argmax(1) == vy).float().mean().item():.3f} share positive {vy.float().mean().item():.2f}"); run = 0
