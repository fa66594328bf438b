# healthy: nn.TransformerEncoder with padding mask; warm-up; the key bias of attention gets ~0 gradient by construction
import math
import torch
import torch.nn as nn

torch.manual_seed(0)
PAD, VOCAB, MAXLEN = 0, 12, 16


def sample(n):
    # label: does token 1 occur more often than token 2?
    lens = torch.randint(6, MAXLEN + 1, (n,))
    x = torch.randint(1, VOCAB, (n, MAXLEN))
    boost = torch.rand(n, MAXLEN) < 0.4
    x = torch.where(boost, torch.randint(1, 3, (n, MAXLEN)), x)
    x[torch.arange(MAXLEN)[None] >= lens[:, None]] = PAD
    y = ((x == 1).sum(1) > (x == 2).sum(1)).long()
    return x, y


class Encoder(nn.Module):
    def __init__(self, d=32):
        super().__init__()
        self.emb = nn.Embedding(VOCAB, d, padding_idx=PAD)
        self.pos = nn.Parameter(torch.randn(MAXLEN, d) * 0.02)
        layer = nn.TransformerEncoderLayer(d_model=d, nhead=4, dim_feedforward=64, dropout=0.1, batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, num_layers=2, enable_nested_tensor=False)
        self.cls = nn.Linear(d, 2)

    def forward(self, x):
        mask = x == PAD
        h = self.emb(x) * math.sqrt(32) * 0.2 + self.pos
        h = self.encoder(h, src_key_padding_mask=mask)
        keep = (~mask).unsqueeze(-1).float()
        return self.cls((h * keep).sum(1) / keep.sum(1))


xtr, ytr = sample(3000)
xva, yva = sample(600)
model = Encoder()
opt = torch.optim.AdamW(model.parameters(), lr=2e-3, weight_decay=0.01)
steps = 3 * 47
sched = torch.optim.lr_scheduler.LambdaLR(opt, lambda s: min(1.0, (s + 1) / 30) * 0.5 * (1 + math.cos(math.pi * min(1, s / steps))))
ce = nn.CrossEntropyLoss()
for epoch in range(3):
    model.train()
    run = 0.0
    for idx in torch.randperm(3000).split(64):
        opt.zero_grad()
        loss = ce(model(xtr[idx]), ytr[idx])
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        opt.step()
        sched.step()
        run += loss.item()
    model.eval()
    with torch.no_grad():
        o = model(xva)
    print(f"epoch {epoch}: train {run / 47:.3f} val {ce(o, yva):.3f} acc {(o.argmax(1) == yva).float().mean():.3f}")
