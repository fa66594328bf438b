# fault: unfit-activation
"""Physics-informed network for u'' = -pi^2 sin(pi x), u(0) = u(1) = 0, with ReLU units (u'' of a ReLU net is zero)."""
import math

import torch
import torch.nn as nn

torch.manual_seed(0)


class PINN(nn.Module):
    def __init__(self, width=32, depth=3):
        super().__init__()
        dims = [1] + [width] * depth + [1]
        self.linears = nn.ModuleList([nn.Linear(a, b) for a, b in zip(dims, dims[1:])])
        self.act = nn.ReLU()

    def forward(self, x):
        for lin in self.linears[:-1]:
            x = self.act(lin(x))
        return self.linears[-1](x)


def gradients(u, x):
    return torch.autograd.grad(u, x, grad_outputs=torch.ones_like(u), create_graph=True)[0]


net = PINN()
optimizer = torch.optim.Adam(net.parameters(), lr=2e-3)
boundary = torch.tensor([[0.0], [1.0]])
grid = torch.linspace(0, 1, 101)[:, None]
for it in range(900):
    x = torch.rand(64, 1, requires_grad=True)
    u = net(x)
    u_x = gradients(u, x)
    u_xx = gradients(u_x, x)
    f = u_xx + math.pi**2 * torch.sin(math.pi * x)
    loss = (f**2).mean() + 10 * (net(boundary) ** 2).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if it % 150 == 149:
        with torch.no_grad():
            err = (net(grid) - torch.sin(math.pi * grid)).abs().max()
        print(f"it {it + 1} loss {loss.item():.4f} max error {err.item():.4f}")
