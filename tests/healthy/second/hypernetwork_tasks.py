# healthy
# A hypernetwork maps a task code to the weights of a small regressor (batched, functional)
import torch, torch.nn as nn
torch.manual_seed(0)
def tasks(n, k=24):
    c = torch.rand(n, 3) * 2 - 1
    x = torch.rand(n, k, 1) * 2 - 1
    y = c[:, None, :1] * torch.sin(3 * x) + c[:, None, 1:2] * x ** 2 + c[:, None, 2:]
    return c, x, y + 0.03 * torch.randn_like(y)
H = 16
class Hyper(nn.Module):
    def __init__(self):
        super().__init__()
        self.trunk = nn.Sequential(nn.Linear(3, 64), nn.ReLU())
        self.w1, self.b1 = nn.Linear(64, H), nn.Linear(64, H)
        self.w2, self.b2 = nn.Linear(64, H), nn.Linear(64, 1)
        nn.init.normal_(self.w1.bias, std=2.0); nn.init.normal_(self.b1.bias, std=1.0); nn.init.normal_(self.w2.weight, std=0.03)
    def forward(self, c, x):
        z = self.trunk(c)
        h = torch.tanh(x * self.w1(z)[:, None] + self.b1(z)[:, None])
        return (h * self.w2(z)[:, None]).sum(-1, keepdim=True) + self.b2(z)[:, None]
net = Hyper(); S = 900
opt = torch.optim.Adam(net.parameters(), lr=5e-3)
sch = torch.optim.lr_scheduler.CosineAnnealingLR(opt, S)
vc, vx, vy = tasks(500); run = 0
for s in range(1, S + 1):
    c, x, y = tasks(32)
    loss = (net(c, x) - y).square().mean()
    opt.zero_grad(); loss.backward(); opt.step(); sch.step(); run += loss.item()
    if s % 75 == 0:
        with torch.no_grad(): v = (net(vc, vx) - vy).square().mean().item()
        print(f"{s} mse {run/75:.5f} unseen tasks {v:.5f} (variance {vy.var().item():.3f}, noise 0.0009)"); run = 0
