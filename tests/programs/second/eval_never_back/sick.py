# fault: eval-mode-training
"""Small VGG on procedurally drawn shapes, with a sanity check of the validation code before training."""
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


def shapes(n, seed, s=16):
    g = torch.Generator().manual_seed(seed)
    y = torch.randint(0, 4, (n,), generator=g)
    c = 6 + 3 * torch.rand(2, n, 1, 1, generator=g)
    r = 3 + 2.5 * torch.rand(n, 1, 1, generator=g)
    a, b = torch.meshgrid(torch.arange(s).float(), torch.arange(s).float(), indexing='ij')
    u, v = (a - c[0]).abs(), (b - c[1]).abs()
    disc = (u ** 2 + v ** 2).sqrt() < r
    square = torch.maximum(u, v) < r * .87
    ring = disc & ((u ** 2 + v ** 2).sqrt() > r - 1.6)
    cross = (torch.minimum(u, v) < 1.1) & (torch.maximum(u, v) < r)
    img = torch.stack([disc, square, ring, cross])[y, torch.arange(n)].float()
    contrast = .5 + torch.rand(n, 1, 1, generator=g)
    x = contrast * img + .25 * torch.randn(n, s, s, generator=g)
    return TensorDataset(((x - .2) / .42)[:, None], y)


def make_layers(cfg, c=1):
    mods = []
    for v in cfg:
        if v == 'M':
            mods.append(nn.MaxPool2d(2))
        else:
            mods += [nn.Conv2d(c, v, 3, padding=1, bias=False), nn.BatchNorm2d(v), nn.Tanh()]
            c = v
    return mods


def init(m):
    if isinstance(m, nn.Conv2d):                 # as in the original VGG configuration: gaussian, 0.01
        nn.init.normal_(m.weight, std=.01)


net = nn.Sequential(*make_layers([8, 8, 'M', 16, 16, 'M', 16]), nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Dropout(.2), nn.Linear(64, 4))
torch.manual_seed(0)
net.apply(init)
train_loader, val_loader = DataLoader(shapes(2000, 1), 50, shuffle=True), DataLoader(shapes(600, 2), 300)
ce = nn.CrossEntropyLoss()
opt = torch.optim.SGD(net.parameters(), lr=.03, momentum=.9, weight_decay=1e-3)
EPOCHS = 7
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, EPOCHS)


def validate():
    net.eval()
    loss = acc = n = 0
    with torch.no_grad():
        for x, y in val_loader:
            out = net(x)
            loss += ce(out, y).item() * len(y)
            acc += (out.argmax(1) == y).sum().item()
            n += len(y)
    return loss / n, acc / n


print('before training: loss %.4f acc %.3f' % validate())
for epoch in range(EPOCHS):
    running = 0.
    for x, y in train_loader:
        opt.zero_grad()
        loss = ce(net(x), y)
        loss.backward()
        opt.step()
        running += loss.item() / len(train_loader)
    sched.step()
    print('epoch %d train loss %.4f' % (epoch, running), 'val loss %.4f acc %.3f' % validate())
