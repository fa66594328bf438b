# fault: unfit-activation
# three-spiral classification; activation chosen from a registry
import argparse, math, torch
from torch import nn

class Exp(nn.Module):
    def forward(self, x):
        return torch.exp(x)

ACTS = {'exp': Exp, 'softplus': nn.Softplus, 'gelu': nn.GELU}
p = argparse.ArgumentParser()
p.add_argument('--act', default='exp', choices=ACTS)
p.add_argument('--depth', type=int, default=3)
p.add_argument('--width', type=int, default=48)
p.add_argument('--steps', type=int, default=2000)
a = p.parse_args()

def spiral(n):
    c = torch.randint(0, 3, (n,))
    r = torch.rand(n).sqrt() * .95 + .05
    th = 4.2 * r + c * 2 * math.pi / 3 + .12 * torch.randn(n)
    return torch.stack([r * th.cos(), r * th.sin()], 1) * 1.9, c

torch.manual_seed(15)
xs, ys = spiral(4000); xt, yt = spiral(1500)
dims = [2] + [a.width] * a.depth
mods = []
for i, o in zip(dims, dims[1:]):
    mods += [nn.Linear(i, o), ACTS[a.act]()]
net = nn.Sequential(*mods, nn.Linear(a.width, 3))
opt = torch.optim.SGD(net.parameters(), lr=.05, momentum=.9)
sch = torch.optim.lr_scheduler.OneCycleLR(opt, .1, total_steps=a.steps)
for step in range(a.steps):
    b = torch.randint(0, 4000, (100,))
    loss = nn.functional.cross_entropy(net(xs[b]), ys[b])
    opt.zero_grad(); loss.backward(); opt.step(); sch.step()
    if (step + 1) % 250 == 0:
        with torch.no_grad():
            o = net(xt)
            print('step', step + 1, 'batch loss %.4f' % loss.item(), 'test loss %.4f' % nn.functional.cross_entropy(o, yt).item(),
                  'test accuracy %.3f' % (o.argmax(1) == yt).float().mean().item())
