# fault: symmetric-initialization
"""Message passing on random geometric graphs, graph-level regression; weights kept as explicit tensors."""
import torch
import math


def glorot(i, o):
    return torch.empty(i, o).uniform_(-1, 1) * math.sqrt(6 / (i + o))


def zeros(*s):
    return torch.zeros(*s)


def graphs(n, nodes=14, d=4, seed=0):
    g = torch.Generator().manual_seed(seed)
    pos = torch.rand(n, nodes, 2, generator=g)
    A = (torch.cdist(pos, pos) < 0.35).float() * (1 - torch.eye(nodes))
    x = torch.randn(n, nodes, d, generator=g)
    nb = A @ x
    y = torch.relu(x[..., 0] + 0.5 * nb[..., 1]).sum(1) - 0.7 * torch.relu(nb[..., 2]).sum(1) + 0.2 * torch.randn(n, generator=g)
    return A, x, (y - y.mean()) / y.std()


class MPNN:
    def __init__(self, d, h, init):
        self.p = [init(d, h), init(d, h), zeros(h), init(h, h), init(h, h), zeros(h), init(h, 1), zeros(1)]
        for t in self.p:
            t.requires_grad_(True)

    def __call__(self, A, x):
        W0, U0, b0, W1, U1, b1, w, b = self.p
        h = torch.relu(x @ W0 + (A @ x) @ U0 / 3 + b0)
        h = torch.relu(h @ W1 + (A @ h) @ U1 / 3 + b1)
        return (h.mean(1) @ w + b)[:, 0]


torch.manual_seed(0)
A, x, y = graphs(2600)
net = MPNN(4, 32, zeros)
opt = torch.optim.Adam(net.p, lr=3e-3)
sch = torch.optim.lr_scheduler.CosineAnnealingLR(opt, 20)
n = 2000
for ep in range(20):
    s = 0
    for b in torch.randperm(n).split(50):
        loss = (net(A[b], x[b]) - y[b]).pow(2).mean()
        opt.zero_grad()
        loss.backward()
        opt.step()
        s += loss.item() / 40
    sch.step()
    with torch.no_grad():
        v = (net(A[n:], x[n:]) - y[n:]).pow(2).mean().item()
        print(f"{ep:2d} train {s:.4f} val {v:.4f} r2 {1 - v / y[n:].var().item():.4f}")
