# fault: unscaled-inputs
# Loan default competition notebook: categorical embeddings + numeric columns straight out of the frame.
import numpy as np
import pandas as pd
import torch
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import train_test_split
from torch import nn
from torch.utils.data import DataLoader, Dataset

SEED = 2023
np.random.seed(SEED)
torch.manual_seed(SEED)

n = 3000
df = pd.DataFrame({
    "income": np.random.lognormal(10.8, 0.5, n).round(),
    "loan_amount": np.random.lognormal(9.6, 0.6, n).round(),
    "age": np.random.randint(21, 70, n),
    "years_employed": np.random.exponential(6, n).round(1),
    "purpose": np.random.choice(["car", "house", "medical", "education", "other"], n),
    "region": np.random.choice(list("NESW"), n),
})
risk = (
    1.6 * np.log(df.loan_amount / df.income) + 1.9
    - 0.12 * df.years_employed
    + df.purpose.map({"car": 0.4, "house": -0.8, "medical": 1.1, "education": -0.3, "other": 0.2})
    + df.region.map({"N": 0.0, "E": 0.5, "S": -0.5, "W": 0.1})
)
df["default"] = (risk + np.random.logistic(0, 0.4, n) > 0).astype(int)

CAT = ["purpose", "region"]
NUM = ["income", "loan_amount", "age", "years_employed"]
for c in CAT:
    df[c] = df[c].astype("category").cat.codes
tr, va = train_test_split(df, test_size=0.2, random_state=SEED, stratify=df.default)
tr, va = tr.copy(), va.copy()
# SCALE


class LoanDataset(Dataset):
    def __init__(self, frame):
        self.cat = torch.as_tensor(frame[CAT].values, dtype=torch.long)
        self.num = torch.as_tensor(frame[NUM].values, dtype=torch.float32)
        self.y = torch.as_tensor(frame["default"].values, dtype=torch.float32)

    def __len__(self):
        return len(self.y)

    def __getitem__(self, i):
        return self.cat[i], self.num[i], self.y[i]


class TabularModel(nn.Module):
    def __init__(self, cards, n_num):
        super().__init__()
        self.embs = nn.ModuleList([nn.Embedding(c, min(50, (c + 1) // 2)) for c in cards])
        width = sum(e.embedding_dim for e in self.embs) + n_num
        self.body = nn.Sequential(nn.Linear(width, 64), nn.ReLU(), nn.Dropout(0.1), nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 1))

    def forward(self, cat, num):
        e = [emb(cat[:, i]) for i, emb in enumerate(self.embs)]
        return self.body(torch.cat(e + [num], 1)).squeeze(1)


model = TabularModel([5, 4], len(NUM))
opt = torch.optim.Adam(model.parameters(), lr=2e-3)
crit = nn.BCEWithLogitsLoss()
train_dl = DataLoader(LoanDataset(tr), batch_size=128, shuffle=True)
valid_dl = DataLoader(LoanDataset(va), batch_size=512)

for epoch in range(15):
    model.train()
    running = 0.0
    for cat, num, y in train_dl:
        opt.zero_grad()
        loss = crit(model(cat, num), y)
        loss.backward()
        opt.step()
        running += loss.item() * len(y)
    model.eval()
    preds, vl = [], 0.0
    with torch.no_grad():
        for cat, num, y in valid_dl:
            out = model(cat, num)
            vl += crit(out, y).item() * len(y)
            preds.append(torch.sigmoid(out))
    auc = roc_auc_score(va.default, torch.cat(preds).numpy())
    print(f"epoch {epoch:2d} train {running / len(tr):.4f} valid {vl / len(va):.4f} auc {auc:.4f}")
