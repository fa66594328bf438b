# healthy
"""Pairwise interaction regression, parameters kept in a plain dict (port of a JAX/haiku snippet)."""
import torch

KEY = torch.Generator().manual_seed(2024)


def init_params(sizes):
    params = {}
    for i, (m, n) in enumerate(zip(sizes[:-1], sizes[1:])):
        params[f'w{i}'] = torch.randn(m, n, generator=KEY) * (2.0 / m) ** 0.5
        params[f'b{i}'] = torch.zeros(n)
    return {k: v.requires_grad_(True) for k, v in params.items()}


def apply(params, x):
    depth = len(params) // 2
    for i in range(depth):
        x = torch.einsum('bi,ij->bj', x, params[f'w{i}']) + params[f'b{i}']
        if i < depth - 1:
            x = torch.relu(x)
    return x[:, 0]


def make_data(n):
    x = torch.randn(n, 6, generator=KEY)
    y = x[:, 0] * x[:, 1] + torch.abs(x[:, 2]) - torch.sin(2 * x[:, 3]) + .3 * x[:, 4]
    y = y + .05 * torch.randn(n, generator=KEY)
    return x, (y - .8) / 1.4


def loss_fn(params, x, y):
    return torch.mean((apply(params, x) - y) ** 2)


def adam_update(params, grads, state, t, lr, b1=.9, b2=.999, eps=1e-8):
    with torch.no_grad():
        for k in params:
            m, v = state[k]
            m.mul_(b1).add_(grads[k], alpha=1 - b1)
            v.mul_(b2).addcmul_(grads[k], grads[k], value=1 - b2)
            params[k] -= lr * (m / (1 - b1 ** t)) / ((v / (1 - b2 ** t)).sqrt() + eps)


params = init_params([6, 64, 64, 1])
state = {k: (torch.zeros_like(v), torch.zeros_like(v)) for k, v in params.items()}
x_train, y_train = make_data(10000)
x_test, y_test = make_data(2000)
STEPS = 3000
for t in range(1, STEPS + 1):
    idx = torch.randint(0, len(x_train), (100,), generator=KEY)
    value = loss_fn(params, x_train[idx], y_train[idx])
    grads = dict(zip(params, torch.autograd.grad(value, list(params.values()))))
    adam_update(params, grads, state, t, lr=4e-3 * (1 - t / (STEPS + 1)))
    if t % 500 == 0:
        with torch.no_grad():
            print(f'step {t} train {loss_fn(params, x_train, y_train):.4f} test {loss_fn(params, x_test, y_test):.4f} (variance {y_test.var():.3f})')
