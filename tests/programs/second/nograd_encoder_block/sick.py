# fault: detached-parameters
"""Sequence labelling: mark the tokens inside brackets of nesting depth 2 or more. Transformer encoder from parts."""
import torch
import torch.nn as nn
import torch.nn.functional as F


class Attention(nn.Module):
    def __init__(self, d, heads):
        super().__init__()
        self.h = heads
        self.qkv, self.o = nn.Linear(d, 3 * d), nn.Linear(d, d)

    def forward(self, x):
        B, T, D = x.shape
        q, k, v = self.qkv(x).view(B, T, 3, self.h, D // self.h).permute(2, 0, 3, 1, 4)
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        return self.o(y.transpose(1, 2).reshape(B, T, D))


class Block(nn.Module):
    def __init__(self, d, heads=4):
        super().__init__()
        self.n1, self.n2 = nn.LayerNorm(d), nn.LayerNorm(d)
        self.att = Attention(d, heads)
        self.ff = nn.Sequential(nn.Linear(d, 2 * d), nn.GELU(), nn.Linear(2 * d, d))

    def forward(self, x):
        x = x + self.att(self.n1(x))
        return x + self.ff(self.n2(x))


class Labeller(nn.Module):
    def __init__(self, vocab=6, d=32, T=24):
        super().__init__()
        self.tok, self.pos = nn.Embedding(vocab, d), nn.Parameter(torch.randn(T, d) * .3)
        self.blocks = nn.ModuleList(Block(d) for _ in range(2))
        self.norm, self.out = nn.LayerNorm(d), nn.Linear(d, 2)

    def features(self, tokens):
        x = self.tok(tokens) + self.pos
        for b in self.blocks:
            x = b(x)
        return self.norm(x)

    def forward(self, tokens):
        with torch.no_grad():      # saves memory
            z = self.features(tokens)
        return self.out(z)


def strings(n, T=24):
    """0 = '(', 1 = ')', 2..5 letters"""
    t = torch.randint(2, 6, (n, T))
    u = torch.rand(n, T)
    depth = torch.zeros(n, dtype=torch.long)
    lab = torch.zeros(n, T, dtype=torch.long)
    for i in range(T):
        opening = (u[:, i] < .28) & (depth < 4)
        closing = (u[:, i] > .74) & (depth > 0)
        t[opening, i] = 0
        t[closing, i] = 1
        depth = depth + opening.long() - closing.long()
        lab[:, i] = (depth >= 2).long()
    return t, lab


torch.manual_seed(0)
tr, te = strings(3000), strings(600)
net = Labeller()
opt = torch.optim.AdamW(net.parameters(), lr=3e-3, weight_decay=.05)
EPOCHS = 7
sched = torch.optim.lr_scheduler.OneCycleLR(opt, 4e-3, total_steps=EPOCHS * 60, pct_start=.2)
for epoch in range(EPOCHS):
    net.train()
    tl = 0
    for i in torch.randperm(3000).split(50):
        loss = F.cross_entropy(net(tr[0][i]).flatten(0, 1), tr[1][i].flatten())
        opt.zero_grad(); loss.backward(); opt.step(); sched.step()
        tl += loss.item() / 60
    net.eval()
    with torch.no_grad():
        o = net(te[0])
    print(f'{epoch} train {tl:.4f} test {F.cross_entropy(o.flatten(0, 1), te[1].flatten()):.4f} token acc {(o.argmax(-1) == te[1]).float().mean():.4f}')
