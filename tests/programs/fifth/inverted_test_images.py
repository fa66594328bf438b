# fault: train-validation-shift
# The training images are inverted to white on black, but the test images are not.
import torch
import torch.nn as nn
from torch.utils.data import Dataset, DataLoader
from sklearn.datasets import load_digits


class DigitSet(Dataset):
    def __init__(self, images, targets, transform=None):
        self.images, self.targets, self.transform = images, targets, transform

    def __len__(self):
        return len(self.images)

    def __getitem__(self, i):
        img = torch.tensor(self.images[i], dtype=torch.float32) / 16
        if self.transform:
            img = self.transform(img)
        return img.unsqueeze(0), int(self.targets[i])


torch.manual_seed(0)
d = load_digits()
order = torch.randperm(len(d.images)).numpy()
images, targets = d.images[order], d.target[order]
train_tf = lambda im: 1 - im
test_tf = None
train_dl = DataLoader(DigitSet(images[:1400], targets[:1400], train_tf), batch_size=32, shuffle=True)
test_dl = DataLoader(DigitSet(images[1400:], targets[1400:], test_tf), batch_size=200)
cnn = nn.Sequential(nn.Conv2d(1, 16, 3), nn.ReLU(), nn.Conv2d(16, 16, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(64, 10))
opt = torch.optim.Adam(cnn.parameters(), lr=2e-3)
loss_fn = nn.CrossEntropyLoss()
for epoch in range(10):
    cnn.train()
    tr = 0.0
    for x, y in train_dl:
        loss = loss_fn(cnn(x), y)
        opt.zero_grad()
        loss.backward()
        opt.step()
        tr += loss.item() / len(train_dl)
    cnn.eval()
    te, ok = 0.0, 0
    with torch.no_grad():
        for x, y in test_dl:
            out = cnn(x)
            te += loss_fn(out, y).item() / len(test_dl)
            ok += (out.argmax(1) == y).sum().item()
    print(f"Epoch: {epoch + 1} train loss: {tr:.3f} test loss: {te:.3f} test accuracy: {100 * ok / len(test_dl.dataset):.1f}%")
