# healthy
import numpy as np
import torch
import torch.nn as nn
from torch.utils.data import Dataset, DataLoader


class BracketDataset(Dataset):
    """Does a balanced bracket string nest at least five deep?"""

    def __init__(self, n, length, rng):
        self.items = []
        for i in range(n):
            depth, s, deepest = 0, [], 0
            for k in range(length):
                left = length - k
                if depth == 0:
                    c = 1
                elif depth == left:
                    c = -1
                else:
                    c = 1 if rng.random() < 0.5 else -1
                depth += c
                deepest = max(deepest, depth)
                s.append(c)
            self.items.append((torch.tensor([(c + 1) // 2 for c in s]), float(deepest >= 5)))

    def __len__(self):
        return len(self.items)

    def __getitem__(self, i):
        x, y = self.items[i]
        return x, torch.tensor(y)


class BracketNet(nn.Module):
    def __init__(self, emb=8, hidden=16):
        super().__init__()
        self.emb = nn.Embedding(2, emb)
        self.gru = nn.GRU(emb, hidden, batch_first=True)
        self.fc = nn.Linear(hidden, 1)

    def forward(self, x):
        h, _ = self.gru(self.emb(x))
        return self.fc(h[:, -1]).squeeze(1)


rng = np.random.default_rng(14)
torch.manual_seed(14)
train_dl = DataLoader(BracketDataset(1600, 24, rng), batch_size=32, shuffle=True)
val_dl = DataLoader(BracketDataset(400, 24, rng), batch_size=100)
model = BracketNet()
crit = nn.BCEWithLogitsLoss()
opt = torch.optim.SGD(model.parameters(), lr=0.04, momentum=0.9)
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, 16)

for epoch in range(16):
    model.train()
    tl = []
    for x, y in train_dl:
        opt.zero_grad()
        loss = crit(model(x), y)
        loss.backward()
        opt.step()
        tl.append(loss.item())
    sched.step()
    model.eval()
    vl, ok, n = 0.0, 0, 0
    with torch.no_grad():
        for x, y in val_dl:
            out = model(x)
            vl += crit(out, y).item() * len(y)
            ok += ((out > 0).float() == y).sum().item()
            n += len(y)
    print(f"epoch {epoch}: train {np.mean(tl):.4f} val {vl / n:.4f} val acc {ok / n:.3f}")
