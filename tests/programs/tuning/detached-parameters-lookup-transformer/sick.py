# fault: detached-parameters
"""Associative recall: key value key value ... query -> value."""
import math
import torch
import torch.nn as nn

KEYS, VALUES, PAIRS = 6, 6, 3


class Block(nn.Module):
    def __init__(self, d, heads):
        super().__init__()
        self.norm1 = nn.LayerNorm(d)
        self.attn = nn.MultiheadAttention(d, heads, batch_first=True)
        self.norm2 = nn.LayerNorm(d)
        self.mlp = nn.Sequential(nn.Linear(d, 2 * d), nn.GELU(), nn.Linear(2 * d, d))

    def forward(self, x):
        n = self.norm1(x)
        a, _ = self.attn(n, n, n, need_weights=False)
        x = x + a.data
        return x + self.mlp(self.norm2(x))


class Recall(nn.Module):
    def __init__(self, d=32, heads=2, depth=2):
        super().__init__()
        self.key_emb = nn.Embedding(KEYS, d)
        self.val_emb = nn.Embedding(VALUES + 1, d)
        self.blocks = nn.ModuleList([Block(d, heads) for _ in range(depth)])
        self.norm = nn.LayerNorm(d)
        self.out = nn.Linear(d, VALUES)

    def forward(self, keys, values):
        x = self.key_emb(keys) + self.val_emb(values)
        for block in self.blocks:
            x = block(x)
        return self.out(self.norm(x[:, -1]))


def batch(n):
    keys = torch.rand(n, KEYS).argsort(1)[:, :PAIRS]
    values = torch.randint(0, VALUES, (n, PAIRS))
    ask = torch.randint(0, PAIRS, (n,))
    r = torch.arange(n)
    keys = torch.cat([keys, keys[r, ask].unsqueeze(1)], 1)
    answer = values[r, ask]
    values = torch.cat([values, torch.full((n, 1), VALUES)], 1)
    return keys, values, answer


torch.manual_seed(2)
model = Recall()
opt = torch.optim.AdamW(model.parameters(), lr=3e-3, weight_decay=0.01)
warmup, total = 40, 300
sched = torch.optim.lr_scheduler.LambdaLR(opt, lambda s: min(1, (s + 1) / warmup) * 0.5 * (1 + math.cos(math.pi * s / total)))
loss_fn = nn.CrossEntropyLoss()
for step in range(1, total + 1):
    k, v, target = batch(64)
    loss = loss_fn(model(k, v), target)
    opt.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    opt.step()
    sched.step()
    if step % 30 == 0:
        with torch.no_grad():
            k, v, target = batch(500)
            o = model(k, v)
        print(f"step {step} loss {loss.item():.4f} fresh loss {loss_fn(o, target).item():.4f} fresh acc {(o.argmax(-1) == target).float().mean().item():.3f}")
