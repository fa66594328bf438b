# healthy

import numpy as np
import torch
import torch.nn as nn
from sklearn.datasets import load_digits

torch.manual_seed(0)
np.random.seed(0)

digits = load_digits()
# the scanner gives us 8 bit gray images
pixels = np.round(digits.images / 16 * 255).astype(np.uint8)
labels = digits.target

idx = np.random.permutation(len(pixels))
train, test = idx[:1400], idx[1400:]

x = torch.tensor(pixels.reshape(-1, 64), dtype=torch.float32) / 255
x = (x - x[train].mean()) / x[train].std()
y = torch.tensor(labels)

model = nn.Sequential(
    nn.Linear(64, 48), nn.ReLU(),
    nn.Linear(48, 32), nn.ReLU(),
    nn.Linear(32, 10),
)
opt = torch.optim.SGD(model.parameters(), lr=0.1)
criterion = nn.CrossEntropyLoss()

for epoch in range(25):
    perm = torch.randperm(len(train))
    total = 0
    for i in range(0, len(perm), 50):
        b = train[perm[i:i + 50].numpy()]
        loss = criterion(model(x[b]), y[b])
        opt.zero_grad()
        loss.backward()
        opt.step()
        total += loss.item()
    with torch.no_grad():
        out = model(x[test])
        acc = (out.argmax(1) == y[test]).float().mean().item()
        vl = criterion(out, y[test]).item()
    print(f"epoch {epoch}: loss {total / 28:.4f}  test loss {vl:.4f}  test acc {acc:.3f}")
