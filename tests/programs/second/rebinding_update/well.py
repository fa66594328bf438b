# healthy
"""Elastic-net-free polynomial sensor calibration with a hand-written RMSprop."""
import torch


class RMSProp:
    def __init__(self, params, lr, decay=.95, eps=1e-6):
        self.params = list(params)
        self.lr, self.decay, self.eps = lr, decay, eps
        self.cache = [torch.zeros_like(p) for p in self.params]

    def zero_grad(self):
        for p in self.params:
            p.grad = None

    @torch.no_grad()
    def step(self):
        for p, c in zip(self.params, self.cache):
            c.mul_(self.decay).addcmul_(p.grad, p.grad, value=1 - self.decay)
            p -= self.lr * p.grad / (c.sqrt() + self.eps)


class Calibration(torch.nn.Module):
    def __init__(self, channels=3, hidden=32):
        super().__init__()
        self.w_in = torch.nn.Parameter(torch.randn(channels, hidden) * .8)
        self.shift = torch.nn.Parameter(torch.randn(hidden))
        self.w_out = torch.nn.Parameter(torch.randn(hidden) / hidden ** .5)
        self.offset = torch.nn.Parameter(torch.zeros(()))

    def forward(self, v):
        return torch.tanh(v @ self.w_in + self.shift) @ self.w_out + self.offset


g = torch.Generator().manual_seed(1)
torch.manual_seed(1)
volt = torch.randn(5000, 3, generator=g)
temp = torch.sinh(.8 * volt[:, 0]) + .5 * volt[:, 1] * volt[:, 2] - .4 * volt[:, 2]
temp = (temp - temp.mean()) / temp.std() + .03 * torch.randn(5000, generator=g)
train, test = slice(0, 4000), slice(4000, 5000)
net = Calibration()
opt = RMSProp(net.parameters(), lr=.01)
for epoch in range(30):
    opt.lr = .01 * (1 - epoch / 30) ** 1.5
    net.train()
    sq = 0.
    for idx in torch.randperm(4000, generator=g).split(50):
        opt.zero_grad()
        loss = (net(volt[idx]) - temp[idx]).square().mean()
        loss.backward()
        opt.step()
        sq += loss.item() / 80
    if epoch % 5 == 4:
        net.eval()
        with torch.no_grad():
            e = (net(volt[test]) - temp[test]).square().mean().item()
        print(f'pass {epoch + 1:2d}: train mse {sq:.4f}, test mse {e:.4f}')
