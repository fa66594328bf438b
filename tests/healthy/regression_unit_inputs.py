# healthy: inputs are all positive in [0,1], never standardised; target in its natural small range
import torch, torch.nn as nn, torch.nn.functional as F
torch.manual_seed(5)
N = 1500
X = torch.rand(N, 4)
y = torch.sin(3 * X[:, 0]) * X[:, 1] + (X[:, 2] - 0.5) ** 2 - X[:, 3] * X[:, 0] + 0.02 * torch.randn(N)
y = y.unsqueeze(1)
Xt, yt, Xv, yv = X[:1200], y[:1200], X[1200:], y[1200:]

class Reg(nn.Module):
    def __init__(s):
        super().__init__()
        s.l1 = nn.Linear(4, 64); s.l2 = nn.Linear(64, 32); s.l3 = nn.Linear(32, 1)
    def forward(s, x):
        x = F.relu(s.l1(x))
        x = F.relu(s.l2(x))
        return s.l3(x)

net = Reg()
optimizer = torch.optim.Adam(net.parameters(), lr=3e-3)
for e in range(40):
    for i in torch.randperm(1200).split(40):
        optimizer.zero_grad()
        l = F.mse_loss(net(Xt[i]), yt[i])
        l.backward()
        optimizer.step()
    if e % 5 == 4:
        with torch.no_grad(): v = F.mse_loss(net(Xv), yv)
        print(e + 1, 'train %.5f' % l.item(), 'val %.5f' % v.item(), 'val R2 %.4f' % (1 - v / yv.var()).item())
