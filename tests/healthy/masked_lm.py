# healthy: masked language model: ignore_index=-100 for 85% of the positions; the loss of each batch rests on few tokens
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(0)
V, L, MASK = 22, 12, 21


def corpus(n):
    # arithmetic progressions modulo 20: a missing token follows from its neighbours
    start, step = torch.randint(0, 20, (n, 1)), torch.randint(1, 4, (n, 1))
    return (start + step * torch.arange(L)) % 20


def mask(x):
    m = torch.rand(x.shape) < 0.15
    m[:, 5] |= ~m.any(1)
    return torch.where(m, MASK, x), torch.where(m, x, -100)


class BertTiny(nn.Module):
    def __init__(self, d=48):
        super().__init__()
        self.tok, self.pos = nn.Embedding(V, d), nn.Embedding(L, d)
        enc = nn.TransformerEncoderLayer(d, 4, 96, dropout=0.0, activation="gelu", batch_first=True, norm_first=True)
        self.enc = nn.TransformerEncoder(enc, 2, enable_nested_tensor=False)
        self.norm, self.head = nn.LayerNorm(d), nn.Linear(d, V)

    def forward(self, x):
        return self.head(self.norm(self.enc(self.tok(x) + self.pos(torch.arange(L)))))


model = BertTiny()
opt = torch.optim.AdamW(model.parameters(), lr=3e-3, weight_decay=0.01)
sched = torch.optim.lr_scheduler.OneCycleLR(opt, max_lr=3e-3, total_steps=250)
val_in, val_out = mask(corpus(400))
for step in range(1, 251):
    inp, lab = mask(corpus(64))
    loss = F.cross_entropy(model(inp).flatten(0, 1), lab.flatten(), ignore_index=-100)
    opt.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    opt.step()
    sched.step()
    if step % 50 == 0:
        with torch.no_grad():
            o = model(val_in)
        k = val_out != -100
        print(f"step {step} mlm loss {loss.item():.3f} val {F.cross_entropy(o[k], val_out[k]).item():.3f} masked acc {(o[k].argmax(-1) == val_out[k]).float().mean().item():.3f}")
