# healthy
"""
Tiny decoder-only transformer on "repeat the first half" strings, e.g. cabd|cabd
"""
import torch
import torch.nn as nn
from torch.nn import functional as F

class Config:
    half = 7
    vocab_size = 9          # 8 symbols and the bar
    n_layer = 2
    n_head = 2
    n_embd = 32
    lr = 4e-3
    iters = 200

cfg = Config()
block_size = 2 * cfg.half
torch.manual_seed(1337)

def get_batch(n=48):
    s = torch.randint(0, 8, (n, cfg.half))
    seq = torch.cat([s, torch.full((n, 1), 8), s], 1)
    x, y = seq[:, :-1], seq[:, 1:].clone()
    y[:, :cfg.half] = -1     # only the copy counts
    return x, y

class SelfAttention(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.c_attn = nn.Linear(c.n_embd, 3 * c.n_embd)
        self.c_proj = nn.Linear(c.n_embd, c.n_embd)
        self.n_head = c.n_head

    def forward(self, x):
        B, T, C = x.shape
        q, k, v = [t.view(B, T, self.n_head, C // self.n_head).transpose(1, 2) for t in self.c_attn(x).chunk(3, -1)]
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        return self.c_proj(y.transpose(1, 2).reshape(B, T, C))

class Block(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.ln_1, self.ln_2 = nn.LayerNorm(c.n_embd), nn.LayerNorm(c.n_embd)
        self.attn = SelfAttention(c)
        self.mlp = nn.Sequential(nn.Linear(c.n_embd, 4 * c.n_embd), nn.GELU(), nn.Linear(4 * c.n_embd, c.n_embd))

    def forward(self, x):
        x = x + self.attn(self.ln_1(x))
        return x + self.mlp(self.ln_2(x))

class GPT(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.wte = nn.Embedding(c.vocab_size, c.n_embd)
        self.wpe = nn.Embedding(block_size, c.n_embd)
        self.blocks = nn.ModuleList([Block(c) for _ in range(c.n_layer)])
        self.ln_f = nn.LayerNorm(c.n_embd)
        self.lm_head = nn.Linear(c.n_embd, c.vocab_size, bias=False)

    def forward(self, idx, targets=None):
        x = self.wte(idx) + self.wpe(torch.arange(idx.size(1)))
        for block in self.blocks:
            x = block(x)
        logits = self.lm_head(self.ln_f(x))
        loss = F.cross_entropy(logits.view(-1, logits.size(-1)), targets.reshape(-1), ignore_index=-1) if targets is not None else None
        return logits, loss

model = GPT(cfg)
optimizer = torch.optim.AdamW(model.parameters(), lr=cfg.lr, betas=(0.9, 0.95), weight_decay=0.01)
scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, cfg.lr, total_steps=cfg.iters, pct_start=0.1, cycle_momentum=False)
x_val, y_val = get_batch(200)
for it in range(cfg.iters):
    model.train()
    xb, yb = get_batch()
    _, loss = model(xb, yb)
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    optimizer.step()
    scheduler.step()
    if (it + 1) % 20 == 0:
        model.eval()
        with torch.no_grad():
            logits, vloss = model(x_val, y_val)
        m = y_val >= 0
        acc = (logits.argmax(-1)[m] == y_val[m]).float().mean()
        print(f"iter {it + 1}: loss {loss.item():.4f}, val loss {vloss.item():.4f}, copy accuracy {acc.item():.4f}")
