# healthy: encoder-decoder GRU with attention and teacher forcing; Xavier initialisation of all matrices
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(0)
V, L, SOS = 12, 7, 11


class Seq2Seq(nn.Module):
    def __init__(self, d=64):
        super().__init__()
        self.emb = nn.Embedding(V, 24)
        self.enc = nn.GRU(24, d, batch_first=True)
        self.dec = nn.GRU(24, d, batch_first=True)
        self.query = nn.Linear(d, d, bias=False)
        self.out = nn.Linear(2 * d, V)

    def forward(self, src, tgt_in):
        mem, h = self.enc(self.emb(src))
        dec, _ = self.dec(self.emb(tgt_in), h)
        att = torch.softmax(self.query(dec) @ mem.transpose(1, 2), -1)
        return self.out(torch.cat([dec, att @ mem], -1))


def batch(n):
    src = torch.randint(0, 10, (n, L))
    tgt = src.flip(1)
    return src, torch.cat([torch.full((n, 1), SOS), tgt[:, :-1]], 1), tgt


model = Seq2Seq()
for p in model.parameters():
    if p.dim() > 1:
        nn.init.xavier_uniform_(p)
opt = torch.optim.Adam(model.parameters(), lr=5e-3)
vs, vi, vt = batch(300)
for step in range(1, 401):
    src, tin, tgt = batch(64)
    loss = F.cross_entropy(model(src, tin).transpose(1, 2), tgt)
    opt.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    opt.step()
    if step % 80 == 0:
        with torch.no_grad():
            o = model(vs, vi)
        print(f"step {step} loss {loss.item():.4f} val {F.cross_entropy(o.transpose(1, 2), vt).item():.4f} token acc {(o.argmax(-1) == vt).float().mean().item():.4f}")
