# fault: unstable-optimizer-setting
# handwritten heavy-ball optimiser for a small conv net on 8x8 digits
import torch
import torch.nn.functional as F
from sklearn.datasets import load_digits
from torch.optim import Optimizer


class HeavyBall(Optimizer):
    def __init__(self, params, lr, mu, decay=0.):
        super().__init__(params, dict(lr=lr, mu=mu, decay=decay))

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for p in group['params']:
                buf = self.state[p].setdefault('v', torch.zeros_like(p))
                buf.mul_(group['mu']).add_(p.grad + group['decay'] * p)
                p.sub_(buf, alpha=group['lr'])


torch.manual_seed(2)
d = load_digits()
img = (torch.tensor(d.images, dtype=torch.float32)[:, None] / 16 - .3) / .37
lab = torch.tensor(d.target)
o = torch.randperm(len(img))
img, lab = img[o], lab[o]
net = torch.nn.Sequential(torch.nn.Conv2d(1, 12, 3), torch.nn.ReLU(), torch.nn.Conv2d(12, 24, 3, stride=2), torch.nn.ReLU(), torch.nn.Flatten(),
                          torch.nn.Dropout(.3), torch.nn.Linear(96, 10))
opt = HeavyBall(net.parameters(), lr=.02, mu=0.9995, decay=2e-3)
n, bs, E = 1400, 28, 15
for e in range(E):
    for g in opt.param_groups:
        g['lr'] = .02 * (1 - e / E)
    net.train()
    tot = 0.
    for i in torch.randperm(n).split(bs):
        loss = F.cross_entropy(net(img[i]), lab[i])
        opt.zero_grad()
        loss.backward()
        opt.step()
        tot += loss.item() / 50
    net.eval()
    with torch.no_grad():
        z = net(img[n:])
    print(f'e{e:02d} train {tot:.4f} test {F.cross_entropy(z, lab[n:]).item():.4f} acc {(z.argmax(1) == lab[n:]).float().mean().item():.4f}')
