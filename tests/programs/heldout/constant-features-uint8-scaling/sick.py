# fault: constant-features
import numpy as np
import torch
import torch.nn as nn
from torch.utils.data import Dataset, DataLoader
from sklearn.datasets import load_digits


class ImageDataset(Dataset):
    def __init__(self, images, labels):
        images = images // 255
        self.images = torch.tensor(images, dtype=torch.float32).unsqueeze(1)
        self.images = (self.images - 0.305) / 0.376
        self.labels = torch.tensor(labels, dtype=torch.long)

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, i):
        return self.images[i], self.labels[i]


torch.manual_seed(55)
np.random.seed(55)
digits = load_digits()
# 8-bit greyscale, as read from the png files
images = (digits.images * 15.9).astype(np.uint8)
order = np.random.permutation(len(images))
images, labels = images[order], digits.target[order]
train_loader = DataLoader(ImageDataset(images[:1400], labels[:1400]), batch_size=50, shuffle=True)
test_loader = DataLoader(ImageDataset(images[1400:], labels[1400:]), batch_size=100)

model = nn.Sequential(
    nn.Conv2d(1, 12, 3), nn.ReLU(),
    nn.Conv2d(12, 16, 3), nn.ReLU(), nn.MaxPool2d(2),
    nn.Flatten(), nn.Dropout(0.25), nn.Linear(64, 10),
)
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)

for epoch in range(14):
    model.train()
    tl = 0.0
    for x, y in train_loader:
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        tl += loss.item()
    model.eval()
    correct, vl = 0, 0.0
    with torch.no_grad():
        for x, y in test_loader:
            out = model(x)
            vl += criterion(out, y).item() * len(y)
            correct += (out.argmax(1) == y).sum().item()
    print(f"Epoch {epoch + 1}: train loss {tl / len(train_loader):.4f}, test loss {vl / 397:.4f}, test acc {correct / 397:.4f}")
