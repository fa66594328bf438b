# healthy
"""Tagging of support tickets. Bag of words in, several tags out."""
import numpy as np
import torch
from torch import nn

torch.manual_seed(4)
rng = np.random.default_rng(4)
N_WORDS, N_TAGS = 80, 8

tag_words = rng.dirichlet(np.full(N_WORDS, 0.08), N_TAGS)
background = np.full(N_WORDS, 1 / N_WORDS)


def tickets(n):
    tags = (rng.random((n, N_TAGS)) < 0.4).astype(np.float32)
    bags = np.zeros((n, N_WORDS), dtype=np.float32)
    for i in range(n):
        mix = background + tags[i] @ tag_words * 1.5
        bags[i] = rng.multinomial(60, mix / mix.sum())
    return np.log1p(bags), tags


x_tr, y_tr = tickets(1800)
x_va, y_va = tickets(500)
mu, sd = x_tr.mean(0), x_tr.std(0)
x_tr, x_va = map(torch.from_numpy, ((x_tr - mu) / sd, (x_va - mu) / sd))
y_tr, y_va = torch.from_numpy(y_tr), torch.from_numpy(y_va)


class Tagger(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden = nn.Linear(N_WORDS, 40)
        self.act = nn.LeakyReLU(0.1)
        self.drop = nn.Dropout(0.3)
        self.tags = nn.Linear(40, N_TAGS)

    def forward(self, bag):
        h = self.drop(self.act(self.hidden(bag)))
        return self.tags(h)

    @torch.no_grad()
    def predict(self, bag):
        return torch.sigmoid(self(bag)) > 0.5


tagger = Tagger()
bce = nn.BCEWithLogitsLoss()
opt = torch.optim.AdamW(tagger.parameters(), lr=2e-3, weight_decay=1e-2)
for epoch in range(20):
    tagger.train()
    seen = []
    for ix in torch.randperm(len(x_tr)).split(60):
        loss = bce(tagger(x_tr[ix]), y_tr[ix])
        opt.zero_grad()
        loss.backward()
        opt.step()
        seen.append(loss.item())
    tagger.eval()
    with torch.no_grad():
        va = bce(tagger(x_va), y_va).item()
    hamming = (tagger.predict(x_va) != y_va.bool()).float().mean().item()
    print(f"{epoch:2d} bce {np.mean(seen):.4f} / {va:.4f}   hamming loss {hamming:.4f}")
