# healthy
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch.utils.data import Dataset, DataLoader


class DigitFolder(Dataset):
    """Keeps the samples like the folders on disk: 0/..., 1/..., 2/..."""

    def __init__(self, images, labels):
        order = np.argsort(labels, kind="stable")
        self.images = torch.tensor((images[order] - 4.9) / 6.0, dtype=torch.float32)
        self.labels = torch.tensor(labels[order])

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, i):
        return self.images[i].reshape(-1), self.labels[i]


class MLP(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(64, 64)
        self.fc2 = nn.Linear(64, 10)

    def forward(self, x):
        return self.fc2(F.relu(self.fc1(x)))


torch.manual_seed(0)
d = load_digits()
tr_x, te_x, tr_y, te_y = train_test_split(d.images, d.target, test_size=360, random_state=0)
train_loader = DataLoader(DigitFolder(tr_x, tr_y), batch_size=32, shuffle=True)
test_loader = DataLoader(DigitFolder(te_x, te_y), batch_size=360)

net = MLP()
opt = torch.optim.SGD(net.parameters(), lr=0.02, momentum=0.9)
for epoch in range(12):
    run = 0
    for img, lab in train_loader:
        opt.zero_grad()
        loss = F.cross_entropy(net(img), lab)
        loss.backward()
        opt.step()
        run += loss.item()
    with torch.no_grad():
        for img, lab in test_loader:
            out = net(img)
    print(f"epoch {epoch} loss {run / len(train_loader):.3f} test loss {F.cross_entropy(out, lab).item():.3f} test acc {(out.argmax(1) == lab).float().mean().item():.3f}")
