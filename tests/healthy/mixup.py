# healthy: mixup: training loss stays much higher than validation loss, training accuracy is not meaningful
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import load_digits

np.random.seed(0)
torch.manual_seed(0)
d = load_digits()
x = torch.from_numpy(d.images.astype("float32"))[:, None] / 16
y = torch.from_numpy(d.target)
perm = torch.randperm(len(x))
x, y = x[perm], y[perm]

model = nn.Sequential(nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(inplace=True), nn.MaxPool2d(2), nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(inplace=True), nn.Flatten(), nn.Linear(512, 10))
optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 10)


def mixup_data(x, y, alpha=0.4):
    lam = np.random.beta(alpha, alpha)
    index = torch.randperm(x.size(0))
    return lam * x + (1 - lam) * x[index], y, y[index], lam


for epoch in range(10):
    train_loss = 0.0
    for idx in torch.randperm(1400).split(64):
        inputs, ta, tb, lam = mixup_data(x[idx], y[idx])
        out = model(inputs)
        loss = lam * F.cross_entropy(out, ta) + (1 - lam) * F.cross_entropy(out, tb)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        train_loss += loss.item() / 22
    scheduler.step()
    with torch.no_grad():
        v = model(x[1400:])
    print("epoch: %d mixup loss: %.3f val loss: %.3f val acc: %.3f" % (epoch, train_loss, F.cross_entropy(v, y[1400:]).item(), (v.argmax(1) == y[1400:]).float().mean().item()))
