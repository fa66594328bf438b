# fault: learning-rate-too-high
"""Mini transformer: sort short digit sequences (token-level classification)."""
from dataclasses import dataclass
import torch
from torch import nn
import torch.nn.functional as F


@dataclass
class Args:
    vocab: int = 10
    length: int = 6
    dim: int = 32
    heads: int = 2
    layers: int = 2
    lr: float = 0.6
    batch: int = 64
    steps: int = 600


class Model(nn.Module):
    def __init__(self, a):
        super().__init__()
        self.tok = nn.Embedding(a.vocab, a.dim)
        self.pos = nn.Parameter(torch.randn(a.length, a.dim) * 0.1)
        layer = nn.TransformerEncoderLayer(a.dim, a.heads, 64, dropout=0.0, batch_first=True, norm_first=True)
        self.enc = nn.TransformerEncoder(layer, a.layers, enable_nested_tensor=False)
        self.out = nn.Linear(a.dim, a.vocab)

    def forward(self, t):
        return self.out(self.enc(self.tok(t) + self.pos))


a = Args()
torch.manual_seed(0)
pool = torch.randint(0, a.vocab, (20000, a.length))
val = torch.randint(0, a.vocab, (1000, a.length))
model = Model(a)
opt = torch.optim.AdamW(model.parameters(), lr=a.lr, betas=(0.9, 0.98), weight_decay=0.01)
sched = torch.optim.lr_scheduler.LambdaLR(opt, lambda s: min(1, (s + 1) / 50) * max(0.02, 1 - s / a.steps))
run = 0.0
for step in range(1, a.steps + 1):
    t = pool[torch.randint(0, len(pool), (a.batch,))]
    loss = F.cross_entropy(model(t).flatten(0, 1), t.sort(1).values.flatten())
    opt.zero_grad()
    loss.backward()
    opt.step()
    sched.step()
    run += loss.item()
    if step % 60 == 0:
        model.eval()
        with torch.no_grad():
            z = model(val)
            tgt = val.sort(1).values
            vl = F.cross_entropy(z.flatten(0, 1), tgt.flatten()).item()
            acc = (z.argmax(-1) == tgt).float().mean().item()
        model.train()
        print(f"step {step:4d} lr {sched.get_last_lr()[0]:.2e} loss {run/60:.4f} val {vl:.4f} token acc {acc:.4f}")
        run = 0.0
