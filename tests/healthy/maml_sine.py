# healthy: MAML: inner updates by autograd.grad on functional weights, outer loss is per-task noisy and stays above zero
import math
import torch
import torch.nn.functional as F
from torch.func import functional_call

torch.manual_seed(0)
net = torch.nn.Sequential(torch.nn.Linear(1, 40), torch.nn.ReLU(), torch.nn.Linear(40, 40), torch.nn.ReLU(), torch.nn.Linear(40, 1))
meta_opt = torch.optim.Adam(net.parameters(), lr=3e-3)


def task(gen=None):
    amp = 0.5 + 1.5 * torch.rand(1, generator=gen)
    phase = math.pi * torch.rand(1, generator=gen)

    def draw(n):
        x = 4 * torch.rand(n, 1, generator=gen) - 2
        return x, amp * torch.sin(2 * x + phase)
    return draw


def adapt(params, x, y, steps=1, lr=0.05, create_graph=True):
    for _ in range(steps):
        loss = F.mse_loss(functional_call(net, params, (x,)), y)
        grads = torch.autograd.grad(loss, list(params.values()), create_graph=create_graph)
        params = {k: p - lr * g for (k, p), g in zip(params.items(), grads)}
    return params


def evaluate():
    g = torch.Generator().manual_seed(99)
    before = after = 0.0
    for _ in range(50):
        t = task(g)
        xs, ys = t(10)
        xq, yq = t(50)
        p = dict(net.named_parameters())
        q = adapt(p, xs, ys, steps=5, create_graph=False)
        with torch.no_grad():
            before += F.mse_loss(functional_call(net, p, (xq,)), yq).item() / 50
            after += F.mse_loss(functional_call(net, q, (xq,)), yq).item() / 50
    return before, after


for it in range(401):
    if it % 100 == 0:
        b, a = evaluate()
        print(f"meta-iter {it}: held-out tasks mse before adaptation {b:.3f}, after 5 steps {a:.3f}")
    meta_loss = 0.0
    for _ in range(4):
        draw = task()
        xs, ys = draw(10)
        xq, yq = draw(10)
        fast = adapt(dict(net.named_parameters()), xs, ys)
        meta_loss = meta_loss + F.mse_loss(functional_call(net, fast, (xq,)), yq)
    meta_loss = meta_loss / 4
    meta_opt.zero_grad()
    meta_loss.backward()
    meta_opt.step()
