# healthy
"""Categorical embeddings + numeric columns (ship passengers, synthetic)."""
import numpy as np
import pandas as pd
import torch
import torch.nn as nn
from torch.utils.data import Dataset, DataLoader

rng = np.random.default_rng(1912)
n = 4000
df = pd.DataFrame({
    "deck": rng.integers(0, 8, n), "port": rng.integers(0, 3, n), "title": rng.integers(0, 5, n),
    "age": rng.normal(31, 13, n).clip(1, 80), "fare": rng.lognormal(3, .8, n), "family": rng.poisson(1., n).astype(float)})
deck_w = rng.normal(0, .8, 8)
z = (deck_w[df.deck] + np.array([.3, -.2, 0])[df.port] - .06 * (df.age - 31) + 1.7 * (np.log(df.fare) - 3)
     - 1.2 * (df.family > 2))
df["survived"] = (z + rng.normal(0, .35, n) > 0).astype("float32")
df["fare"] = np.log(df["fare"])
CAT, NUM = ["deck", "port", "title"], ["age", "fare", "family"]
train_df = df.iloc[:3200].copy(); valid_df = df.iloc[3200:].copy()
mu, sd = train_df[NUM].mean(), train_df[NUM].std()
for part in (train_df, valid_df):
    part[NUM] = (part[NUM] - mu) / sd


class PassengerDataset(Dataset):
    def __init__(self, frame):
        self.cats = frame[CAT].values.astype(np.int64)
        self.nums = frame[NUM].values.astype(np.float32)
        self.y = frame["survived"].values

    def __len__(self):
        return len(self.y)

    def __getitem__(self, idx):
        return {"cats": self.cats[idx], "nums": self.nums[idx], "target": self.y[idx]}


class TabularModel(nn.Module):
    def __init__(self, cards, n_num, p=0.2):
        super().__init__()
        self.embeds = nn.ModuleList([nn.Embedding(c, min(4, (c + 1) // 2)) for c in cards])
        n_emb = sum(e.embedding_dim for e in self.embeds)
        self.mlp = nn.Sequential(nn.Linear(n_emb + n_num, 48), nn.ReLU(), nn.Dropout(p), nn.Linear(48, 24), nn.ReLU(), nn.Linear(24, 1))

    def forward(self, cats, nums):
        e = torch.cat([emb(cats[:, i]) for i, emb in enumerate(self.embeds)], 1)
        return self.mlp(torch.cat([e, nums], 1)).squeeze(1)


def run_epoch(model, loader, crit, opt=None):
    model.train(opt is not None)
    loss_sum = hits = count = 0
    with torch.set_grad_enabled(opt is not None):
        for b in loader:
            out = model(b["cats"], b["nums"])
            loss = crit(out, b["target"])
            if opt is not None:
                opt.zero_grad()
                loss.backward()
                opt.step()
            loss_sum += loss.item() * len(out); hits += ((out > 0) == (b["target"] > .5)).sum().item(); count += len(out)
    return loss_sum / count, hits / count


torch.manual_seed(0)
tl, vl = DataLoader(PassengerDataset(train_df), 64, shuffle=True), DataLoader(PassengerDataset(valid_df), 400)
model = TabularModel([8, 3, 5], 3)
crit = nn.BCEWithLogitsLoss()
opt = torch.optim.AdamW(model.parameters(), 4e-3, weight_decay=.05)
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, 14)
for epoch in range(14):
    a = run_epoch(model, tl, crit, opt)
    v = run_epoch(model, vl, crit)
    sched.step()
    print(f"{epoch:02d} train loss {a[0]:.4f} acc {a[1]:.3f}  valid loss {v[0]:.4f} acc {v[1]:.3f}")
