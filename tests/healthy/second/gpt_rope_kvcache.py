# healthy
# Small decoder-only transformer: RoPE, RMSNorm, tied embeddings, warm-up + cosine. Task: copy-after-delimiter with a sort.
# After training: greedy generation with a KV cache.
import math, torch, torch.nn as nn, torch.nn.functional as F
torch.manual_seed(0)
V, N = 12, 6                # digits 0..9, 10 = '>', 11 = bos
T = 2 * N + 2

def batch(b):
    a = torch.randint(0, 10, (b, N))
    return torch.cat([torch.full((b, 1), 11), a, torch.full((b, 1), 10), a.sort(1).values], 1)

def rope(x, pos):
    d = x.shape[-1]
    f = 100 ** (-torch.arange(0, d, 2) / d)
    a = pos[:, None] * f
    x1, x2 = x[..., ::2], x[..., 1::2]
    return torch.stack([x1 * a.cos() - x2 * a.sin(), x1 * a.sin() + x2 * a.cos()], -1).flatten(-2)

class Block(nn.Module):
    def __init__(self, d, h):
        super().__init__()
        self.n1, self.n2 = nn.RMSNorm(d), nn.RMSNorm(d)
        self.qkv = nn.Linear(d, 3 * d, bias=False)
        self.o = nn.Linear(d, d, bias=False)
        self.mlp = nn.Sequential(nn.Linear(d, 3 * d), nn.GELU(), nn.Linear(3 * d, d))
        self.h = h
    def forward(self, x, pos, cache=None):
        b, t, d = x.shape
        q, k, v = self.qkv(self.n1(x)).view(b, t, 3, self.h, d // self.h).permute(2, 0, 3, 1, 4)
        q, k = rope(q, pos), rope(k, pos)
        if cache is not None:
            if cache: k, v = torch.cat([cache["k"], k], 2), torch.cat([cache["v"], v], 2)
            cache["k"], cache["v"] = k, v
        y = F.scaled_dot_product_attention(q, k, v, is_causal=t > 1)
        x = x + self.o(y.transpose(1, 2).reshape(b, t, d))
        return x + self.mlp(self.n2(x))

class GPT(nn.Module):
    def __init__(self, d=48, layers=2, h=4):
        super().__init__()
        self.emb = nn.Embedding(V, d)
        nn.init.normal_(self.emb.weight, std=0.1)
        self.blocks = nn.ModuleList(Block(d, h) for _ in range(layers))
        self.norm = nn.RMSNorm(d)
    def forward(self, idx, start=0, caches=None):
        pos = torch.arange(start, start + idx.shape[1]).float()
        x = self.emb(idx)
        for i, blk in enumerate(self.blocks):
            x = blk(x, pos, None if caches is None else caches[i])
        return self.norm(x) @ self.emb.weight.T          # tied

model = GPT()
S = 500
opt = torch.optim.AdamW(model.parameters(), lr=4e-3, betas=(0.9, 0.98), weight_decay=0.01)
lr = torch.optim.lr_scheduler.LambdaLR(opt, lambda s: min((s + 1) / 50, 0.5 + 0.5 * math.cos(math.pi * min(1, s / S))))
def loss_of(x):
    # only the answer is scored: the question is random digits
    z = model(x[:, :-1])[:, N + 1:]
    return F.cross_entropy(z.reshape(-1, V), x[:, N + 2:].reshape(-1)), z
run = 0
for s in range(1, S + 1):
    model.train()
    loss, _ = loss_of(batch(64))
    opt.zero_grad(); loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 5.0)
    opt.step(); lr.step(); run += loss.item()
    if s % 50 == 0:
        model.eval()
        with torch.no_grad():
            v, z = loss_of(x := batch(500)); acc = (z.argmax(-1) == x[:, N + 2:]).all(1).float().mean()
        print(f"step {s} loss {run/50:.4f} held-out {v.item():.4f} all right {acc.item():.3f}"); run = 0
model.eval()
with torch.no_grad():
    x = batch(3); caches = [{} for _ in model.blocks]
    z = model(x[:, :N + 2], 0, caches); out = [z[:, -1].argmax(-1, keepdim=True)]
    for k in range(N - 1):
        z = model(out[-1], N + 2 + k, caches); out.append(z[:, -1].argmax(-1, keepdim=True))
    print(x[:, 1:N + 1].tolist(), "->", torch.cat(out, 1).tolist())
