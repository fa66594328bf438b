# healthy
# First-order-free MAML (second-order, functional_call) on sine regression. Judged after 1 inner step on new tasks.
import math, torch
from torch import nn
from torch.func import functional_call, grad, vmap
torch.manual_seed(0)
net = nn.Sequential(nn.Linear(1, 40), nn.ReLU(), nn.Linear(40, 40), nn.ReLU(), nn.Linear(40, 1))
params = dict(net.named_parameters())
opt = torch.optim.Adam(net.parameters(), lr=3e-3)
INNER = 0.05

def tasks(n, k=10):
    amp = torch.rand(n, 1, 1) * 1.5 + 0.5; ph = torch.rand(n, 1, 1) * math.pi
    x = torch.rand(n, 2 * k, 1) * 6 - 3
    y = amp * torch.sin(x + ph)
    return (x[:, :k] / 2, y[:, :k]), (x[:, k:] / 2, y[:, k:])

def mse(p, x, y):
    return ((functional_call(net, p, (x,)) - y) ** 2).mean()

def adapted(p, sup, qry):
    for _ in range(2):
        g = grad(mse)(p, *sup)
        p = {n: w - INNER * g[n] for n, w in p.items()}
    return mse(p, *qry)

test_sup, test_qry = tasks(300)
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, 900)
run = 0
for it in range(1, 901):
    sup, qry = tasks(16)
    loss = vmap(lambda s, t, u, v: adapted(params, (s, t), (u, v)))(*sup, *qry).mean()
    opt.zero_grad(); loss.backward()
    nn.utils.clip_grad_norm_(net.parameters(), 10.0)
    opt.step(); sched.step(); run += loss.item()
    if it % 75 == 0:
        with torch.no_grad():
            post = vmap(lambda s, t, u, v: adapted(params, (s, t), (u, v)))(*test_sup, *test_qry).mean().item()
            pre = mse(params, *test_qry).item()
        print(f"{it} meta-loss {run/75:.3f} new tasks: before {pre:.3f} after two steps {post:.3f}"); run = 0
