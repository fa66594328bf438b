# fault: invalid-labels
# Siamese embedding of digits: pairs, cosine embedding loss
import random
import torch
import torch.nn as nn
from sklearn.datasets import load_digits
from torch.utils.data import Dataset, DataLoader

random.seed(0); torch.manual_seed(0)
d = load_digits()
imgs = (torch.tensor(d.images, dtype=torch.float32).unsqueeze(1) / 16 - .3) / .37
labels = torch.tensor(d.target)
perm = torch.randperm(len(imgs))
train_ids, test_ids = perm[:1300].tolist(), perm[1300:].tolist()


class PairDataset(Dataset):
    """half of the pairs show the same digit, half show different digits"""
    def __init__(self, ids, n_pairs):
        self.by_class = {c: [i for i in ids if labels[i] == c] for c in range(10)}
        self.pairs = []
        for k in range(n_pairs):
            if k % 2 == 0:
                c = random.randrange(10)
                a, b = random.sample(self.by_class[c], 2)
                self.pairs.append((a, b, 1))
            else:
                c1, c2 = random.sample(range(10), 2)
                self.pairs.append((random.choice(self.by_class[c1]), random.choice(self.by_class[c2]), 0))

    def __len__(self):
        return len(self.pairs)

    def __getitem__(self, k):
        a, b, same = self.pairs[k]
        return imgs[a], imgs[b], torch.tensor(same, dtype=torch.float32)


class Embed(nn.Module):
    def __init__(self, dim=16):
        super().__init__()
        self.f = nn.Sequential(nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
                               nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
                               nn.Dropout(.1), nn.Linear(128, dim))

    def forward(self, x):
        return self.f(x)


def retrieval_accuracy(net):
    net.eval()
    with torch.no_grad():
        g = nn.functional.normalize(net(imgs[train_ids]), dim=1)
        q = nn.functional.normalize(net(imgs[test_ids]), dim=1)
    return (labels[train_ids][(q @ g.T).topk(5).indices].mode(1).values == labels[test_ids]).float().mean().item()


train_loader = DataLoader(PairDataset(train_ids, 4480), batch_size=64, shuffle=True)
test_loader = DataLoader(PairDataset(test_ids, 1500), batch_size=250)
net = Embed()
criterion = nn.CosineEmbeddingLoss(margin=0.3)
optimizer = torch.optim.AdamW(net.parameters(), lr=1e-3, weight_decay=1e-2)
scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, 3e-3, epochs=9, steps_per_epoch=len(train_loader))
for epoch in range(9):
    net.train()
    s = 0
    for a, b, t in train_loader:
        optimizer.zero_grad()
        loss = criterion(net(a), net(b), t)
        loss.backward()
        optimizer.step(); scheduler.step()
        s += loss.item()
    net.eval()
    with torch.no_grad():
        v = sum(criterion(net(a), net(b), t).item() for a, b, t in test_loader) / len(test_loader)
    print(f'epoch {epoch}  pair loss {s / len(train_loader):.4f}  test pair loss {v:.4f}  5-nn retrieval {retrieval_accuracy(net):.3f}')
