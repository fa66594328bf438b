# healthy
# A tiny pre-norm transformer with warm-up and seldom biting clipping learns to find the maximum's position.
import math
import torch
import torch.nn as nn

torch.manual_seed(0)
VOCAB, LEN = 20, 12


def batch(n):
    x = torch.randint(1, VOCAB, (n, LEN))
    first = x.max(1, keepdim=True).values
    return x, (x == first).float().argmax(1)


class Block(nn.Module):
    def __init__(self, d, h):
        super().__init__()
        self.n1, self.n2 = nn.LayerNorm(d), nn.LayerNorm(d)
        self.attn = nn.MultiheadAttention(d, h, batch_first=True)
        self.mlp = nn.Sequential(nn.Linear(d, 2 * d), nn.GELU(), nn.Linear(2 * d, d))

    def forward(self, x):
        y = self.n1(x)
        x = x + self.attn(y, y, y, need_weights=False)[0]
        return x + self.mlp(self.n2(x))


class Pointer(nn.Module):
    def __init__(self, d=48):
        super().__init__()
        self.tok, self.pos = nn.Embedding(VOCAB, d), nn.Parameter(torch.randn(LEN, d) * 0.02)
        self.blocks = nn.Sequential(Block(d, 4), Block(d, 4))
        self.norm, self.out = nn.LayerNorm(d), nn.Linear(d, 1)

    def forward(self, x):
        return self.out(self.norm(self.blocks(self.tok(x) + self.pos))).squeeze(-1)


model = Pointer()
opt = torch.optim.AdamW(model.parameters(), lr=2e-3, betas=(0.9, 0.98), weight_decay=0.01)
STEPS, WARM = 700, 100


def rate(s):
    return (s + 1) / WARM if s < WARM else 0.5 * (1 + math.cos(math.pi * (s - WARM) / (STEPS - WARM)))


sched = torch.optim.lr_scheduler.LambdaLR(opt, rate)
vx, vy = batch(1000)
for step in range(STEPS):
    model.train()
    x, y = batch(64)
    loss = nn.functional.cross_entropy(model(x), y)
    opt.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 5.0)
    opt.step()
    sched.step()
    if step % 50 == 49:
        model.eval()
        with torch.no_grad():
            out = model(vx)
            print(f"step {step + 1} loss {loss.item():.4f} val loss {nn.functional.cross_entropy(out, vy):.4f} acc {(out.argmax(1) == vy).float().mean():.4f}")
