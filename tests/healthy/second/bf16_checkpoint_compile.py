# healthy
"""bf16 autocast on CPU + activation checkpointing + torch.compile(backend='eager') + clipping as a safeguard."""
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.checkpoint import checkpoint
from sklearn.datasets import load_digits

torch.manual_seed(0)


class Enc(nn.Module):
    def __init__(self, d=32, heads=4):
        super().__init__()
        self.ln1, self.ln2 = nn.LayerNorm(d), nn.LayerNorm(d)
        self.attn = nn.MultiheadAttention(d, heads, batch_first=True)
        self.mlp = nn.Sequential(nn.Linear(d, 64), nn.GELU(), nn.Linear(64, d))

    def forward(self, x):
        h = self.ln1(x)
        x = x + self.attn(h, h, h, need_weights=False)[0]
        return x + self.mlp(self.ln2(x))


class ViT(nn.Module):
    def __init__(self, d=32):
        super().__init__()
        self.patch = nn.Linear(8, d)
        self.pos = nn.Parameter(torch.randn(1, 8, d) * 0.1)
        self.blocks = nn.ModuleList([Enc(d), Enc(d)])
        self.norm, self.head = nn.LayerNorm(d), nn.Linear(d, 10)

    def forward(self, x):                               # B,8,8
        p = x.unfold(1, 4, 4).unfold(2, 2, 2).reshape(len(x), 8, 8)
        h = self.patch(p) + self.pos
        for b in self.blocks:
            h = checkpoint(b, h, use_reentrant=False)
        return self.head(self.norm(h).mean(1))


d = load_digits()
X = torch.tensor(d.images, dtype=torch.float32) / 8 - 0.6
y = torch.tensor(d.target)
p = torch.randperm(len(y))
tr, te = p[:1400], p[1400:]
model = ViT()
fast = torch.compile(model, backend="eager")
EP, B = 12, 50
opt = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.05)
sched = torch.optim.lr_scheduler.OneCycleLR(opt, 4e-3, total_steps=EP * 28)
for ep in range(EP):
    model.train()
    t = 0
    for i in tr[torch.randperm(1400)].split(B):
        with torch.autocast("cpu", dtype=torch.bfloat16):
            out = fast(X[i])
        loss = F.cross_entropy(out.float(), y[i], label_smoothing=0.05)
        opt.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 5.0)
        opt.step()
        sched.step()
        t += loss.item() / 28
    model.eval()
    with torch.no_grad():
        o = model(X[te])
    print(f"epoch {ep+1} train {t:.3f} val {F.cross_entropy(o, y[te], label_smoothing=0.05).item():.3f} acc {(o.argmax(1) == y[te]).float().mean().item():.3f}")
