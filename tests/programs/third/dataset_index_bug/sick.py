# fault: uninformative-labels
"""Custom Dataset with a shuffled file list and on-the-fly augmentation (digit scans)."""
import random
import torch
from torch import nn
from torch.utils.data import Dataset, DataLoader
from sklearn.datasets import load_digits


class Scans(Dataset):
    def __init__(self, images, labels, augment=False, seed=0):
        self.images, self.labels, self.augment = images, labels, augment
        self.files = list(range(len(images)))
        random.Random(seed).shuffle(self.files)

    def __len__(self):
        return len(self.files)

    def __getitem__(self, i):
        img = torch.tensor(self.images[self.files[i]], dtype=torch.float32)[None]
        img = (img - 4.88) / 6.02
        if self.augment:
            img = img + 0.2 * torch.randn_like(img)
        return img, int(self.labels[i])


class CNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(1, 12, 3), nn.ReLU(), nn.Conv2d(12, 16, 3), nn.ReLU(), nn.Flatten())
        self.fc = nn.Linear(16 * 16, 10)

    def forward(self, x):
        return self.fc(self.body(x))


torch.manual_seed(0)
d = load_digits()
mix = torch.randperm(len(d.target)).numpy()
d.images, d.target = d.images[mix], d.target[mix]
train_dl = DataLoader(Scans(d.images[:1350], d.target[:1350], augment=True), batch_size=32, shuffle=True)
valid_dl = DataLoader(Scans(d.images[1350:], d.target[1350:], seed=1), batch_size=128)
net = CNN()
opt = torch.optim.AdamW(net.parameters(), lr=1e-3, weight_decay=1e-2)
lf = nn.CrossEntropyLoss()
for ep in range(1, 11):
    net.train()
    tl = [0.0, 0]
    for x, y in train_dl:
        opt.zero_grad()
        loss = lf(net(x), y)
        loss.backward()
        opt.step()
        tl[0] += loss.item() * len(y); tl[1] += len(y)
    net.eval()
    vl, ok, n = 0.0, 0, 0
    with torch.no_grad():
        for x, y in valid_dl:
            z = net(x)
            vl += lf(z, y).item() * len(y); ok += (z.argmax(1) == y).sum().item(); n += len(y)
    print(f"Epoch {ep:2d} train {tl[0]/tl[1]:.4f} valid {vl/n:.4f} accuracy {ok/n:.4f}")
