# healthy: ResNet with zero-initialised last BN gamma in each branch: the branch convs have exactly zero gradient at step 0
import torch
import torch.nn as nn
from sklearn.datasets import load_digits


class BasicBlock(nn.Module):
    def __init__(self, cin, cout, stride=1):
        super().__init__()
        self.conv1 = nn.Conv2d(cin, cout, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(cout)
        self.conv2 = nn.Conv2d(cout, cout, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(cout)
        self.relu = nn.ReLU(inplace=True)
        self.downsample = None
        if stride != 1 or cin != cout:
            self.downsample = nn.Sequential(nn.Conv2d(cin, cout, 1, stride, bias=False), nn.BatchNorm2d(cout))
        nn.init.zeros_(self.bn2.weight)

    def forward(self, x):
        identity = x if self.downsample is None else self.downsample(x)
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.bn2(self.conv2(out))
        return self.relu(out + identity)


class ResNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(1, 12, 3, padding=1, bias=False), nn.BatchNorm2d(12), nn.ReLU(inplace=True))
        self.layers = nn.Sequential(BasicBlock(12, 12), BasicBlock(12, 24, 2), BasicBlock(24, 24))
        self.fc = nn.Linear(24, 10)
        for m in self.modules():
            if isinstance(m, nn.Conv2d):
                nn.init.kaiming_normal_(m.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, x):
        return self.fc(self.layers(self.stem(x)).mean((2, 3)))


torch.manual_seed(0)
d = load_digits()
x = (torch.tensor(d.images).float().unsqueeze(1) - 4.88) / 6.02
y = torch.tensor(d.target)
p = torch.randperm(len(x))
xt, yt, xv, yv = x[p[:1300]], y[p[:1300]], x[p[1300:]], y[p[1300:]]
model = ResNet()
optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9, weight_decay=1e-4, nesterov=True)
epochs = 6
scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=0.05, steps_per_epoch=41, epochs=epochs)
criterion = nn.CrossEntropyLoss()
for epoch in range(epochs):
    model.train()
    for idx in torch.randperm(1300).split(32):
        optimizer.zero_grad()
        loss = criterion(model(xt[idx]), yt[idx])
        loss.backward()
        optimizer.step()
        scheduler.step()
    model.eval()
    with torch.no_grad():
        out = model(xv)
    print(f"Epoch [{epoch + 1}/{epochs}] loss: {loss.item():.4f} val_loss: {criterion(out, yv).item():.4f} val_acc: {100 * (out.argmax(1) == yv).float().mean().item():.2f}%")
