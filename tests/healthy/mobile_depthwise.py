# healthy: depthwise-separable convs with ReLU6 and linear bottlenecks (two convs in a row without activation)
import torch
from torch import nn
from sklearn.datasets import load_digits

torch.manual_seed(0)


class InvertedResidual(nn.Module):
    def __init__(self, inp, oup, stride, expand=3):
        super().__init__()
        hid = inp * expand
        self.use_res = stride == 1 and inp == oup
        self.conv = nn.Sequential(
            nn.Conv2d(inp, hid, 1, bias=False), nn.BatchNorm2d(hid), nn.ReLU6(inplace=True),
            nn.Conv2d(hid, hid, 3, stride, 1, groups=hid, bias=False), nn.BatchNorm2d(hid), nn.ReLU6(inplace=True),
            nn.Conv2d(hid, oup, 1, bias=False), nn.BatchNorm2d(oup))

    def forward(self, x):
        return x + self.conv(x) if self.use_res else self.conv(x)


model = nn.Sequential(
    nn.Conv2d(1, 12, 3, padding=1, bias=False), nn.BatchNorm2d(12), nn.ReLU6(inplace=True),
    InvertedResidual(12, 12, 1), InvertedResidual(12, 20, 2), InvertedResidual(20, 20, 1),
    nn.Conv2d(20, 48, 1, bias=False), nn.BatchNorm2d(48), nn.ReLU6(inplace=True),
    nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(0.1), nn.Linear(48, 10))

data = load_digits()
x = torch.tensor(data.images / 8.0 - 1.0, dtype=torch.float32).unsqueeze(1)
y = torch.tensor(data.target)
g = torch.Generator().manual_seed(0)
p = torch.randperm(len(x), generator=g)
train_idx, val_idx = p[:1400], p[1400:]
opt = torch.optim.Adam(model.parameters(), lr=4e-3, amsgrad=True)
sched = torch.optim.lr_scheduler.StepLR(opt, 4, 0.2)
ce = nn.CrossEntropyLoss()
for epoch in range(6):
    model.train()
    for b in train_idx[torch.randperm(1400)].split(50):
        opt.zero_grad()
        loss = ce(model(x[b]), y[b])
        loss.backward()
        opt.step()
    sched.step()
    model.eval()
    with torch.no_grad():
        o = model(x[val_idx])
    print(epoch, f"loss {loss.item():.4f} val {ce(o, y[val_idx]).item():.4f} acc {(o.argmax(1) == y[val_idx]).float().mean().item():.4f}")
