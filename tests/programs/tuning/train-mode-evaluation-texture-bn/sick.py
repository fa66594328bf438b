# fault: train-mode-evaluation
"""Rough or smooth? 2d CNN with batch norm, validated one picture at a time."""
import torch
import torch.nn as nn
import torch.nn.functional as F


class TextureNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 8, 3, padding=1)
        self.bn1 = nn.BatchNorm2d(8)
        self.conv2 = nn.Conv2d(8, 16, 3, padding=1)
        self.bn2 = nn.BatchNorm2d(16)
        self.fc = nn.Linear(16, 3)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.bn1(self.conv1(x))), 2)
        x = F.relu(self.bn2(self.conv2(x)))
        return self.fc(x.mean(dim=(2, 3)))


def textures(n):
    label = torch.randint(0, 3, (n,))
    noise = torch.randn(n, 1, 14, 14)
    smooth = F.avg_pool2d(noise, 3, stride=1, padding=1)
    rows = F.avg_pool2d(noise, (1, 3), stride=1, padding=(0, 1))
    img = torch.stack([noise * 0.45, smooth * 1.2, rows * 0.75])[label, torch.arange(n)]
    img = img + 0.1 * torch.randn_like(img)
    return img / 0.45, label


def train_epoch(model, opt, x, y):
    model.train()
    total = 0.0
    for b in torch.randperm(len(x)).split(40):
        loss = F.cross_entropy(model(x[b]), y[b])
        opt.zero_grad()
        loss.backward()
        opt.step()
        total += loss.item() * len(b) / len(x)
    return total


def validate(model, x, y):
    loss, hits = 0.0, 0
    with torch.no_grad():
        for img, lab in zip(x.split(1), y.split(1)):
            out = model(img)
            loss += F.cross_entropy(out, lab).item()
            hits += (out.argmax(1) == lab).sum().item()
    return loss / len(x), hits / len(x)


if __name__ == "__main__":
    torch.manual_seed(23)
    x, y = textures(1600)
    xv, yv = textures(200)
    model = TextureNet()
    opt = torch.optim.Adam(model.parameters(), lr=3e-3)
    for epoch in range(6):
        tl = train_epoch(model, opt, x, y)
        vl, va = validate(model, xv, yv)
        print(f"epoch {epoch} train {tl:.3f} val {vl:.3f} acc {va:.3f}")
