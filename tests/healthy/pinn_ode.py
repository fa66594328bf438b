# healthy: physics-informed net: autograd.grad with create_graph, no data at all, tanh net, full batch
import math
import torch

torch.manual_seed(0)
# u'' + u = 0 with u(0) = 1, u'(0) = 0  ->  cos(t) on [0, 4]


class PINN(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.net = torch.nn.Sequential(torch.nn.Linear(1, 32), torch.nn.Tanh(), torch.nn.Linear(32, 32), torch.nn.Tanh(), torch.nn.Linear(32, 1))

    def forward(self, t):
        return self.net(t / 2 - 1)


def residual(model, t):
    t = t.requires_grad_(True)
    u = model(t)
    du = torch.autograd.grad(u, t, torch.ones_like(u), create_graph=True)[0]
    d2u = torch.autograd.grad(du, t, torch.ones_like(du), create_graph=True)[0]
    return d2u + u


model = PINN()
opt = torch.optim.Adam(model.parameters(), lr=8e-3)
sched = torch.optim.lr_scheduler.ExponentialLR(opt, 0.998)
t_col = torch.linspace(0, 4, 64).view(-1, 1)
t_test = torch.linspace(0, 4, 201).view(-1, 1)
for it in range(1, 1101):
    opt.zero_grad()
    loss_pde = residual(model, t_col.clone()).pow(2).mean()
    t0 = torch.zeros(1, 1, requires_grad=True)
    u0 = model(t0)
    du0 = torch.autograd.grad(u0.sum(), t0, create_graph=True)[0]
    loss_ic = (u0 - 1).pow(2).squeeze() + du0.pow(2).squeeze()
    loss = loss_pde + 5 * loss_ic
    loss.backward()
    opt.step()
    sched.step()
    if it % 200 == 0:
        with torch.no_grad():
            err = (model(t_test) - torch.cos(t_test)).abs().max().item()
        print(f"iter {it} pde {loss_pde.item():.2e} ic {loss_ic.item():.2e} max error {err:.4f}")
