# healthy
"""Few-shot classification with prototypical networks (episodic meta-learning on MNIST-1D)."""
from dataclasses import dataclass
import torch
from torch import nn
from mnist1d.data import make_dataset, get_dataset_args


@dataclass
class Meta:
    way: int = 5
    shot: int = 5
    query: int = 10
    episodes: int = 700
    lr: float = 6e-3
    warmup: int = 50


def embed_net(c=24):
    return nn.Sequential(nn.Conv1d(1, c, 5, padding=2), nn.ReLU(), nn.Conv1d(c, c, 5, 2, 2), nn.ReLU(),
                         nn.Conv1d(c, c, 3, 2, 1), nn.ReLU(), nn.Flatten(), nn.Linear(c * 10, 24))


def episode(x, y, m, g):
    cls = torch.randperm(10, generator=g)[: m.way]
    s, q = [], []
    for c in cls:
        idx = (y == c).nonzero()[:, 0]
        idx = idx[torch.randperm(len(idx), generator=g)[: m.shot + m.query]]
        s.append(x[idx[: m.shot]]); q.append(x[idx[m.shot:]])
    return torch.stack(s), torch.cat(q), torch.arange(m.way).repeat_interleave(m.query)


def proto_loss(net, s, q, t):
    proto = net(s.flatten(0, 1)).view(len(s), -1, 24).mean(1)
    logits = -torch.cdist(net(q), proto).pow(2) / 8
    return nn.functional.cross_entropy(logits, t), (logits.argmax(1) == t).float().mean()


torch.manual_seed(0)
m = Meta()
d = make_dataset(get_dataset_args())
x, y = torch.tensor(d["x"]).float()[:, None], torch.tensor(d["y"])
xv, yv = torch.tensor(d["x_test"]).float()[:, None], torch.tensor(d["y_test"])
mu, sd = x.mean(), x.std()
x, xv = (x - mu) / sd, (xv - mu) / sd
net = embed_net()
opt = torch.optim.Adam(net.parameters(), lr=m.lr, weight_decay=1e-4)
sched = torch.optim.lr_scheduler.LambdaLR(opt, lambda i: min(1.0, (i + 1) / m.warmup))
g, window = torch.Generator().manual_seed(1), []
for e in range(1, m.episodes + 1):
    loss, acc = proto_loss(net, *episode(x, y, m, g))
    opt.zero_grad()
    loss.backward()
    opt.step()
    sched.step()
    window.append(loss.item())
    if e % 100 == 0:
        gv = torch.Generator().manual_seed(2)
        with torch.no_grad():
            r = torch.tensor([[t.item() for t in proto_loss(net, *episode(xv, yv, m, gv))] for _ in range(12)]).mean(0)
        print(f"episode {e}: loss {sum(window)/len(window):.4f} meta-val loss {r[0]:.4f} meta-val acc {r[1]:.4f}")
        window = []
