# fault: detached-parameters
# mixture-of-experts regression written with einsum, one optimiser over all tensors
import torch
from torch.nn import Module, Parameter


class MoE(Module):
    def __init__(self, d, experts, hidden):
        super().__init__()
        self.A = Parameter(torch.randn(experts, d, hidden) / d ** .5)
        self.a = Parameter(torch.zeros(experts, hidden))
        self.B = Parameter(torch.randn(experts, hidden) / hidden ** .5)
        self.G = Parameter(torch.randn(d, experts) / d ** .5)
        self.g = Parameter(torch.zeros(experts))
        self.c = Parameter(torch.zeros(()))

    def weights(self):
        """norm-limited copies, so that no expert runs away"""
        A, G = self.A.data, self.G.data
        limit = A.flatten(1).norm(dim=1).clamp(min=20.) / 20.
        return A / limit[:, None, None], G

    def forward(self, x):
        A, G = self.weights()
        gate = torch.softmax(torch.einsum('bd,de->be', x, G) + self.g, 1)
        h = torch.relu(torch.einsum('bd,edh->beh', x, A) + self.a)
        return torch.einsum('be,beh,eh->b', gate, h, self.B) + self.c


def surface(n):
    x = torch.randn(n, 5)
    left = x[:, 0] + .5 * x[:, 1] > 0
    y = torch.where(left, 1.2 * x[:, 1] * x[:, 2], -.9 * x[:, 3].abs() + torch.sin(2 * x[:, 4]))
    return x, (y + .36) / .93


torch.manual_seed(10)
x, y = surface(8000)
xv, yv = surface(2000)
model = MoE(5, 4, 32)
opt = torch.optim.Adam(model.parameters(), lr=1e-2)
E = 20
sched = torch.optim.lr_scheduler.LambdaLR(opt, lambda e: 1 - e / E)
for epoch in range(E):
    model.train()
    tot = 0
    for j in torch.randperm(8000).split(100):
        loss = (model(x[j]) - y[j]).pow(2).mean()
        opt.zero_grad()
        loss.backward()
        opt.step()
        tot += loss.item() / 80
    sched.step()
    model.eval()
    with torch.no_grad():
        v = (model(xv) - yv).pow(2).mean().item()
    if epoch % 3 == 1:
        print(f'{epoch} train mse {tot:.4f} test mse {v:.4f}')
