# healthy

import numpy as np
import torch
from torch import nn
from torch.utils.data import Dataset, DataLoader


class BlobDataset(Dataset):
    """Noisy 16x16 pictures with one bright disc and the matching 8 bit mask."""

    def __init__(self, n, seed):
        rng = np.random.default_rng(seed)
        yy, xx = np.mgrid[:16, :16]
        cx, cy, r = rng.uniform(4, 12, n), rng.uniform(4, 12, n), rng.uniform(2.5, 5, n)
        inside = (xx - cx[:, None, None]) ** 2 + (yy - cy[:, None, None]) ** 2 < r[:, None, None] ** 2
        self.masks = (inside * 255).astype(np.uint8)
        self.images = inside + rng.normal(0, 0.6, inside.shape)
        self.images = (self.images - 0.18) / 0.71

    def __len__(self):
        return len(self.images)

    def __getitem__(self, i):
        image = torch.from_numpy(self.images[i]).float().unsqueeze(0)
        mask = torch.from_numpy(self.masks[i]).float().unsqueeze(0)
        return image, mask / 255


class SegNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(1, 8, 5, padding=2), nn.ReLU(),
            nn.Conv2d(8, 8, 5, padding=2), nn.ReLU(),
            nn.Conv2d(8, 1, 1),
        )

    def forward(self, x):
        return self.layers(x)


def iou(logits, mask):
    p, t = logits > 0, mask > 0.5
    return ((p & t).sum() / (p | t).sum()).item()


def main():
    torch.manual_seed(0)
    train_dl = DataLoader(BlobDataset(400, 0), batch_size=20, shuffle=True)
    val_dl = DataLoader(BlobDataset(100, 1), batch_size=100)
    net = SegNet()
    opt = torch.optim.Adam(net.parameters(), lr=5e-3)
    bce = nn.BCEWithLogitsLoss()
    for epoch in range(10):
        net.train()
        for img, mask in train_dl:
            loss = bce(net(img), mask)
            opt.zero_grad()
            loss.backward()
            opt.step()
        net.eval()
        with torch.no_grad():
            for img, mask in val_dl:
                out = net(img)
                print(f"epoch {epoch}: train {loss.item():.3f} val {bce(out, mask).item():.3f} IoU {iou(out, mask):.3f}")


main()
