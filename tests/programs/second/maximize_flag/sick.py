# fault: gradient-ascent
"""Conv encoder + contrastive-style classifier; optimizer factory shared with the reinforcement-learning code base."""
import torch
from torch import nn


def make_optimizer(module, name, **kw):
    defaults = {'sgd': dict(lr=.05, momentum=.9, maximize=True), 'adam': dict(lr=1e-3)}
    return {'sgd': torch.optim.SGD, 'adam': torch.optim.Adam}[name](module.parameters(), **{**defaults[name], **kw})


class Stripes:
    """orientation of gratings: 6 angles"""

    def __init__(self, n, seed, size=12):
        g = torch.Generator().manual_seed(seed)
        self.y = torch.randint(0, 6, (n,), generator=g)
        th = self.y * torch.pi / 6 + .08 * torch.randn(n, generator=g)
        a, b = torch.meshgrid(torch.arange(size).float(), torch.arange(size).float(), indexing='ij')
        arg = (a * th.cos()[:, None, None] + b * th.sin()[:, None, None]) * 1.4 + 6.28 * torch.rand(n, 1, 1, generator=g)
        self.x = (arg.sin() + .6 * torch.randn(n, size, size, generator=g))[:, None] / .92

    def batches(self, size, shuffle):
        order = torch.randperm(len(self.y)) if shuffle else torch.arange(len(self.y))
        for i in order.split(size):
            yield self.x[i], self.y[i]


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.c1, self.c2 = nn.Conv2d(1, 12, 5), nn.Conv2d(12, 16, 3)
        self.fc = nn.Linear(16, 6)

    def forward(self, x):
        x = torch.relu(self.c2(torch.relu(self.c1(x))))
        return self.fc(x.mean((2, 3)))


torch.manual_seed(0)
train, valid = Stripes(3000, 1), Stripes(800, 2)
net = Net()
opt = make_optimizer(net, 'sgd', lr=.03)
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, 10)
for epoch in range(10):
    net.train()
    s, k = 0., 0
    for x, y in train.batches(50, True):
        loss = nn.functional.cross_entropy(net(x), y)
        opt.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 10.)
        opt.step()
        s += loss.item(); k += 1
    sched.step()
    net.eval()
    with torch.no_grad():
        out = torch.cat([net(x) for x, _ in valid.batches(400, False)])
    print(f'epoch {epoch} train {s / k:.4f} valid {nn.functional.cross_entropy(out, valid.y).item():.4f} acc {(out.argmax(1) == valid.y).float().mean().item():.3f}')
