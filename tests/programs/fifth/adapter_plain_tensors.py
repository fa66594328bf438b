# fault: unoptimized-parameters
# A learnable prompt is a plain tensor in a list of tensors: never registered, so never given to the optimizer, and the trunk is frozen.
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(0)
centres = torch.randn(6, 16) * 1.2
W = torch.randn(16, 16) / 4


def make(n):
    y = torch.randint(6, (n,))
    x = centres[y] + torch.randn(n, 16)
    return x, y


class Adapted(nn.Module):
    def __init__(self):
        super().__init__()
        self.trunk = nn.Sequential(nn.Linear(16, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU())
        self.scales = [torch.ones(64, requires_grad=True) for _ in range(2)]
        self.low = [(torch.randn(64, 8) / 8).requires_grad_(), torch.zeros(8, 6, requires_grad=True)]
        self.bias = nn.Parameter(torch.zeros(6))

    def forward(self, x):
        h = self.trunk(x) * self.scales[0] * self.scales[1]
        return h @ self.low[0] @ self.low[1] + self.bias


net = Adapted()
for p in net.trunk.parameters():
    p.requires_grad = False
opt = torch.optim.Adam(net.parameters(), lr=1e-2)
vx, vy = make(2000)
for step in range(500):
    x, y = make(64)
    loss = F.cross_entropy(net(x), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
    if (step + 1) % 50 == 0:
        with torch.no_grad():
            out = net(vx)
            print(f"{step + 1} loss {loss.item():.4f} val {F.cross_entropy(out, vy):.4f} acc {(out.argmax(1) == vy).float().mean():.4f}")
