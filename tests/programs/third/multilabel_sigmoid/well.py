# healthy
"""Multi-label tagging of short documents (topic mixture)."""
import numpy as np
import torch
from torch import nn


class TagModel(nn.Module):
    def __init__(self, vocab, tags, h=48):
        super().__init__()
        self.fc1 = nn.Linear(vocab, h)
        self.fc2 = nn.Linear(h, tags)
        self.drop = nn.Dropout(0.2)
        self.prob = nn.Sigmoid()

    def forward(self, x):
        return self.fc2(self.drop(torch.relu(self.fc1(x))))

    def tags(self, x):
        return self.prob(self(x)) > 0.5


rng = np.random.default_rng(83)
tags, vocab, n = 8, 120, 4000
topic = rng.dirichlet(np.full(vocab, 0.15), size=tags)
Y = (rng.random((n, tags)) < 0.25).astype(np.float32)
bg = rng.dirichlet(np.full(vocab, 2.0))
mix = 0.5 * bg + 0.5 * np.where(Y.sum(1, keepdims=True) > 0, (Y @ topic) / np.maximum(Y.sum(1, keepdims=True), 1), bg)
counts = np.stack([rng.multinomial(60, m / m.sum()) for m in mix])
X = np.log1p(counts)
X = (X - X.mean(0)) / (X.std(0) + 1e-6)
X, Y = torch.tensor(X).float(), torch.tensor(Y)
torch.manual_seed(83)
model = TagModel(vocab, tags)
opt = torch.optim.AdamW(model.parameters(), lr=2e-3, weight_decay=0.05)
criterion = nn.BCEWithLogitsLoss()
for epoch in range(10):
    model.train()
    run = 0
    for b in torch.randperm(3200).split(64):
        loss = criterion(model(X[b]), Y[b])
        opt.zero_grad(); loss.backward(); opt.step()
        run += loss.item() / 50
    model.eval()
    with torch.no_grad():
        v = criterion(model(X[3200:]), Y[3200:]).item()
        t = model.tags(X[3200:]).float()
        f1 = (2 * (t * Y[3200:]).sum() / (t.sum() + Y[3200:].sum())).item()
    print(f"epoch {epoch}: train {run:.4f} val {v:.4f} micro-F1 {f1:.4f}")
