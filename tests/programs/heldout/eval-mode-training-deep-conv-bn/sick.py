# fault: eval-mode-training
import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import load_digits


class ConvBNReLU(nn.Module):
    def __init__(self, cin, cout, stride=1):
        super().__init__()
        self.conv = nn.Conv2d(cin, cout, 3, stride=stride, padding=1, bias=False)
        self.bn = nn.BatchNorm2d(cout)

    def forward(self, x):
        return F.relu(self.bn(self.conv(x)))


class DigitNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = ConvBNReLU(1, 12)
        self.stage1 = nn.Sequential(ConvBNReLU(12, 12), ConvBNReLU(12, 12), ConvBNReLU(12, 24, stride=2))
        self.stage2 = nn.Sequential(ConvBNReLU(24, 24), ConvBNReLU(24, 24), ConvBNReLU(24, 32, stride=2))
        self.head = nn.Linear(32, 10)

    def forward(self, x):
        x = self.stage2(self.stage1(self.stem(x)))
        return self.head(x.mean((2, 3)))


torch.manual_seed(16)
d = load_digits()
perm = torch.randperm(1797)
x = torch.tensor(d.images, dtype=torch.float32)[perm].unsqueeze(1)
y = torch.tensor(d.target)[perm]
x = (x - x[:1400].mean()) / x[:1400].std()
model = DigitNet()
model.eval()
optimizer = torch.optim.SGD(model.parameters(), lr=0.02, momentum=0.9, weight_decay=5e-4)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 8)

for epoch in range(8):
    running = 0.0
    for idx in torch.randperm(1400).split(40):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x[idx]), y[idx])
        loss.backward()
        optimizer.step()
        running += loss.item() / 35
    scheduler.step()
    model.eval()
    with torch.no_grad():
        out = model(x[1400:])
        print(f'epoch {epoch + 1} train loss {running:.4f} test loss {F.cross_entropy(out, y[1400:]).item():.4f} '
              f'test acc {(out.argmax(1) == y[1400:]).float().mean().item():.4f}')
