# healthy
# 1 - dice
import torch
import torch.nn as nn
from torch.utils.data import DataLoader, Dataset


class Rectangles(Dataset):
    def __init__(self, n, seed):
        g = torch.Generator().manual_seed(seed)
        self.items = []
        for _ in range(n):
            m = torch.zeros(1, 24, 24)
            x0, y0 = torch.randint(0, 12, (2,), generator=g).tolist()
            w, h = torch.randint(5, 12, (2,), generator=g).tolist()
            m[:, y0 : y0 + h, x0 : x0 + w] = 1
            self.items.append((m + 0.5 * torch.randn(1, 24, 24, generator=g), m))

    def __len__(self):
        return len(self.items)

    def __getitem__(self, k):
        return self.items[k]


def dice_coef(pred, target, smooth=1.0):
    pred, target = pred.flatten(1), target.flatten(1)
    inter = (pred * target).sum(1)
    return ((2 * inter + smooth) / (pred.sum(1) + target.sum(1) + smooth)).mean()


class DiceLoss(nn.Module):
    def forward(self, logits, target):
        return 1 - dice_coef(torch.sigmoid(logits), target)


torch.manual_seed(0)
model = nn.Sequential(nn.Conv2d(1, 12, 5, padding=2), nn.ReLU(), nn.Conv2d(12, 12, 5, padding=2), nn.ReLU(), nn.Conv2d(12, 1, 1))
optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
criterion = DiceLoss()
train, val = DataLoader(Rectangles(160, 0), 16, shuffle=True), DataLoader(Rectangles(64, 1), 64)
for epoch in range(10):
    for img, msk in train:
        optimizer.zero_grad()
        loss = criterion(model(img), msk)
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        img, msk = next(iter(val))
        out = model(img)
        print(f"epoch {epoch} loss {loss.item():.4f} val_loss {criterion(out, msk).item():.4f} val dice {dice_coef((out > 0).float(), msk).item():.4f}")
