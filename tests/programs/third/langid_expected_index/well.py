# healthy
"""Char n-gram language identification (synthetic tongues). nn.Module + manual EMA of the loss."""
import numpy as np
import torch
from torch import nn
import torch.nn.functional as F

rng = np.random.default_rng(14)
LANGS, ALPH = 6, 14
trans = [rng.dirichlet(np.full(ALPH, 0.6), size=ALPH) for _ in range(LANGS)]
trans = [0.6 * t + 0.4 * np.mean(trans, axis=0) for t in trans]


def words(lang, L=18):
    cdf = np.cumsum(np.stack(trans), axis=-1)
    out = [rng.integers(ALPH, size=len(lang))]
    for _ in range(L - 1):
        out.append((rng.random((len(lang), 1)) > cdf[lang, out[-1]]).sum(1).clip(max=ALPH - 1))
    return np.stack(out, 1)


lang = rng.integers(0, LANGS, 15000)
text = torch.tensor(words(lang))
lang = torch.tensor(lang)


class LangID(nn.Module):
    def __init__(self):
        super().__init__()
        self.bigram = nn.EmbeddingBag(ALPH * ALPH, 24, mode="sum")
        nn.init.normal_(self.bigram.weight, std=0.1)
        self.cls = nn.Linear(24, LANGS)

    def forward(self, t):
        return self.cls(self.bigram(t[:, :-1] * ALPH + t[:, 1:]))


def loss_fn(logits, target):
    return F.cross_entropy(logits, target)


torch.manual_seed(14)
m = LangID()
opt = torch.optim.Adam(m.parameters(), lr=2e-3, weight_decay=1e-4)
ema = None
for step in range(1, 601):
    b = torch.randint(0, 12000, (128,))
    loss = loss_fn(m(text[b]), lang[b])
    opt.zero_grad(); loss.backward(); opt.step()
    ema = loss.item() if ema is None else 0.98 * ema + 0.02 * loss.item()
    if step % 60 == 0:
        with torch.no_grad():
            z = m(text[12000:])
        print(f"step {step:5d} loss(ema) {ema:.4f} val {loss_fn(z, lang[12000:]):.4f} acc {(z.argmax(1) == lang[12000:]).float().mean():.4f}")
