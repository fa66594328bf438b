# fault: uninformative-labels
"""Load .npy scans from a directory and train a small CNN on the labels of the csv file."""
import csv
import tempfile
from pathlib import Path

import numpy as np
import torch
from sklearn.datasets import load_digits
from torch import nn
from torch.utils.data import DataLoader, Dataset, Subset


def export(root: Path):
    """stands in for the acquisition software: scan_0.npy, scan_1.npy, ... and labels.csv"""
    d = load_digits()
    order = np.random.default_rng(0).permutation(len(d.images))
    with open(root / "labels.csv", "w", newline="") as fh:
        w = csv.writer(fh)
        w.writerow(["index", "digit"])
        for k, i in enumerate(order):
            np.save(root / f"scan_{k}.npy", d.images[i].astype(np.float32))
            w.writerow([k, int(d.target[i])])


class ScanDataset(Dataset):
    def __init__(self, root):
        self.files = sorted(Path(root).glob("scan_*.npy"))
        with open(Path(root) / "labels.csv") as fh:
            self.labels = [int(r["digit"]) for r in csv.DictReader(fh)]
        assert len(self.files) == len(self.labels)
        self.cache = [np.load(f) for f in self.files]

    def __len__(self):
        return len(self.files)

    def __getitem__(self, i):
        img = torch.from_numpy(self.cache[i])[None] / 16.0
        return (img - 0.305) / 0.376, self.labels[i]


def evaluate(net, loader):
    net.eval()
    good = n = loss = 0
    with torch.no_grad():
        for img, lab in loader:
            out = net(img)
            loss += nn.functional.cross_entropy(out, lab, reduction="sum").item()
            good += (out.argmax(1) == lab).sum().item()
            n += len(lab)
    return loss / n, good / n


if __name__ == "__main__":
    torch.manual_seed(0)
    with tempfile.TemporaryDirectory() as tmp:
        export(Path(tmp))
        ds = ScanDataset(tmp)
    train = DataLoader(Subset(ds, range(0, 1400)), batch_size=32, shuffle=True)
    valid = DataLoader(Subset(ds, range(1400, len(ds))), batch_size=128)
    net = nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1), nn.BatchNorm2d(16), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 3, padding=1), nn.BatchNorm2d(32), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Dropout(0.4), nn.Linear(128, 10))
    opt = torch.optim.AdamW(net.parameters(), lr=2e-3, weight_decay=0.05)
    sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, 12)
    for epoch in range(12):
        net.train()
        tl = 0.0
        for img, lab in train:
            opt.zero_grad(set_to_none=True)
            loss = nn.functional.cross_entropy(net(img), lab)
            loss.backward()
            opt.step()
            tl += loss.item()
        sched.step()
        vl, va = evaluate(net, valid)
        print(f"epoch {epoch:2d}  train {tl / len(train):.4f}  valid {vl:.4f}  acc {va:.3f}")
