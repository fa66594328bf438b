# healthy: siamese net, the same module applied to both inputs, CosineEmbeddingLoss, targets are +1/-1
import torch
import torch.nn as nn
from torch.utils.data import DataLoader, Dataset
from sklearn.datasets import load_digits

torch.manual_seed(0)


class PairDataset(Dataset):
    def __init__(self, x, y, n, seed):
        g = torch.Generator().manual_seed(seed)
        self.x = x
        self.i = torch.randint(len(x), (n,), generator=g)
        self.j = torch.empty(n, dtype=torch.long)
        self.t = torch.empty(n)
        for k in range(n):
            same = k % 2 == 0
            cand = ((y == y[self.i[k]]) == same).nonzero().squeeze(1)
            self.j[k] = cand[torch.randint(len(cand), (1,), generator=g)]
            self.t[k] = 1.0 if same else -1.0

    def __len__(self):
        return len(self.t)

    def __getitem__(self, k):
        return self.x[self.i[k]], self.x[self.j[k]], self.t[k]


digits = load_digits()
x, y = torch.tensor(digits.data / 16.0).float(), torch.tensor(digits.target)
train_dl = DataLoader(PairDataset(x[:1300], y[:1300], 4000, 0), batch_size=64, shuffle=True)
val_dl = DataLoader(PairDataset(x[1300:], y[1300:], 800, 1), batch_size=800)
tower = nn.Sequential(nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 32))
crit = nn.CosineEmbeddingLoss(margin=0.2)
opt = torch.optim.Adam(tower.parameters(), lr=1e-3)
for epoch in range(8):
    total = 0
    for a, b, t in train_dl:
        opt.zero_grad()
        loss = crit(tower(a), tower(b), t)
        loss.backward()
        opt.step()
        total += loss.item()
    with torch.no_grad():
        a, b, t = next(iter(val_dl))
        ea, eb = tower(a), tower(b)
        acc = ((torch.cosine_similarity(ea, eb) > 0.5) == (t > 0)).float().mean().item()
    print(f"epoch {epoch} train {total / len(train_dl):.4f} val {crit(ea, eb, t).item():.4f} pair accuracy {acc:.3f}")
