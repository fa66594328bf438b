# fault: learning-rate-too-high
"""Kernel-feature ridge regression solved with plain full-batch gradient descent (numpy mindset, torch for the gradient)."""
import numpy as np
import torch
from sklearn.kernel_approximation import RBFSampler

rs = np.random.RandomState(26)
x = rs.uniform(-3, 3, size=(1500, 2))
f = np.sin(x[:, 0]) * np.cos(0.7 * x[:, 1]) + 0.2 * x[:, 0]
y = f + rs.normal(0, 0.1, 1500)
y = (y - y.mean()) / y.std()
phi = RBFSampler(gamma=0.3, n_components=80, random_state=0).fit_transform(x) * np.sqrt(80 / 2)
phi = phi - phi.mean(0)
Phi, Y = torch.tensor(phi), torch.tensor(y)
a, b, c, d = Phi[:1200], Y[:1200], Phi[1200:], Y[1200:]
w = torch.zeros(80, dtype=torch.float64, requires_grad=True)
bias = torch.zeros((), dtype=torch.float64, requires_grad=True)
alpha = 0.25
mu = 1e-4


def cost(F, t):
    return ((F @ w + bias - t) ** 2).mean()


history = []
for it in range(2000):
    J = cost(a, b) + mu * w.dot(w)
    gw, gb = torch.autograd.grad(J, [w, bias])
    with torch.no_grad():
        w.sub_(alpha * gw)
        bias.sub_(alpha * gb)
    history.append(J.item())
    if (it + 1) % 100 == 0:
        with torch.no_grad():
            v = cost(c, d).item()
        print("it=%d J=%.5g val=%.5g R2=%.4g" % (it + 1, history[-1], v, 1 - v / d.var().item()))
