# healthy
"""Deep plain ConvNet with BatchNorm on MNIST-1D; metrics are logged before every epoch too."""
import torch
from torch import nn
import torch.nn.functional as F
from mnist1d.data import make_dataset, get_dataset_args


class Stage(nn.Module):
    def __init__(self, i, o, stride=1):
        super().__init__()
        self.conv = nn.Conv1d(i, o, 3, stride, 1, bias=False)
        self.bn = nn.BatchNorm1d(o)

    def forward(self, x):
        return F.relu(self.bn(self.conv(x)))


def make_net(c=24):
    return nn.Sequential(Stage(1, c), Stage(c, c), Stage(c, c, 2), Stage(c, c), Stage(c, c, 2), Stage(c, c), nn.Flatten(), nn.Dropout(0.3), nn.Linear(c * 10, 10))


@torch.no_grad()
def score(net, x, y):
    net.eval()
    z = net(x)
    return F.cross_entropy(z, y).item(), (z.argmax(1) == y).float().mean().item()


torch.manual_seed(2)
d = make_dataset(get_dataset_args())
x, y = torch.tensor(d["x"]).float()[:, None], torch.tensor(d["y"])
xv, yv = torch.tensor(d["x_test"]).float()[:, None], torch.tensor(d["y_test"])
m, s = x.mean(), x.std()
x, xv = (x - m) / s, (xv - m) / s
net = make_net()
opt = torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.9, weight_decay=2e-3)
E = 9
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, E)
net.train()
for ep in range(E):
    before = score(net, xv, yv)[0]
    net.train()
    tot = 0
    for b in torch.randperm(4000).split(80):
        loss = F.cross_entropy(net(x[b]), y[b])
        opt.zero_grad(); loss.backward(); opt.step()
        tot += loss.item() / 50
    sched.step()
    v, a = score(net, xv, yv)
    print(f"epoch {ep} val before {before:.4f} train {tot:.4f} val {v:.4f} acc {a:.4f}")
