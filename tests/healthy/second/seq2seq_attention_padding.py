# healthy
# Encoder-decoder GRU with dot attention: reverse a string of variable length. Padding ignored, teacher forcing in training.
import torch, torch.nn as nn, torch.nn.functional as F
from torch.nn.utils.rnn import pad_sequence, pack_padded_sequence, pad_packed_sequence
from torch.utils.data import Dataset, DataLoader
PAD, SOS, EOS, A = 0, 1, 2, 10
class Reverse(Dataset):
    def __init__(self, n, seed):
        g = torch.Generator().manual_seed(seed)
        self.d = [torch.randint(3, 3 + A, (int(torch.randint(3, 8, (1,), generator=g)),), generator=g) for _ in range(n)]
    def __len__(self): return len(self.d)
    def __getitem__(self, i): return {"src": self.d[i], "tgt": torch.cat([self.d[i].flip(0), torch.tensor([EOS])])}
def collate(b):
    return {"src": pad_sequence([r["src"] for r in b], True, PAD), "len": torch.tensor([len(r["src"]) for r in b]),
            "tgt": pad_sequence([r["tgt"] for r in b], True, PAD)}
class Seq2Seq(nn.Module):
    def __init__(self, h=64):
        super().__init__()
        self.emb = nn.Embedding(3 + A, 32, padding_idx=PAD)
        self.enc = nn.GRU(32, h // 2, batch_first=True, bidirectional=True)
        self.dec = nn.GRU(32, h, batch_first=True)
        self.out = nn.Linear(2 * h, 3 + A)
    def forward(self, b):
        e, s = self.enc(pack_padded_sequence(self.emb(b["src"]), b["len"], True, enforce_sorted=False))
        e, _ = pad_packed_sequence(e, batch_first=True)
        mask = (b["src"] == PAD)[:, None]
        inp = torch.cat([torch.full((len(e), 1), SOS), b["tgt"][:, :-1]], 1)
        d, _ = self.dec(self.emb(inp), torch.cat([s[0], s[1]], -1)[None])
        a = (d @ e.transpose(1, 2) / 8).masked_fill(mask, -1e9).softmax(-1)
        return self.out(torch.cat([d, a @ e], -1))
torch.manual_seed(0)
tr = DataLoader(Reverse(4000, 0), 64, shuffle=True, collate_fn=collate); va = DataLoader(Reverse(500, 1), 500, collate_fn=collate)
net = Seq2Seq(); opt = torch.optim.Adam(net.parameters(), lr=5e-3); EP = 10
sch = torch.optim.lr_scheduler.CosineAnnealingLR(opt, EP)
crit = nn.CrossEntropyLoss(ignore_index=PAD)
for ep in range(EP):
    net.train(); t = 0
    for b in tr:
        loss = crit(net(b).transpose(1, 2), b["tgt"])
        opt.zero_grad(); loss.backward(); nn.utils.clip_grad_norm_(net.parameters(), 5.0); opt.step(); t += loss.item() / len(tr)
    sch.step(); net.eval()
    with torch.no_grad():
        for b in va:
            z = net(b); ok = ((z.argmax(-1) == b["tgt"]) | (b["tgt"] == PAD)).all(1).float().mean().item(); v = crit(z.transpose(1, 2), b["tgt"]).item()
    print(f"epoch {ep+1} loss {t:.4f} val {v:.4f} sequences right {ok:.3f}")
