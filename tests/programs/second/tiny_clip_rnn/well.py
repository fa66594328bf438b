# healthy
"""Adding-like problem: masked mean of marked values, vanilla RNN + SGD + clipping as recommended for RNNs."""
import torch
from torch import nn

torch.manual_seed(4)
T = 20


def batch(n):
    v = torch.rand(n, T) * 2 - 1
    m = torch.zeros(n, T)
    m[torch.arange(n), torch.randint(0, T // 2, (n,))] = 1
    m[torch.arange(n), torch.randint(T // 2, T, (n,))] = 1
    return torch.stack([v * 1.73, (m - .1) / .3], 2), (v * m).sum(1) / .816


class Net(nn.Module):
    def __init__(self, h=48):
        super().__init__()
        self.cell = nn.GRU(2, h, batch_first=True)
        self.out = nn.Linear(h, 1)

    def forward(self, x):
        return self.out(self.cell(x)[1][-1]).squeeze(-1)


X, Y = batch(6000)
Xt, Yt = batch(1000)
net, clip = Net(), 5.0
opt = torch.optim.SGD(net.parameters(), lr=.15, momentum=.9)
EPOCHS = 15
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, EPOCHS)
for ep in range(EPOCHS):
    net.train()
    tot = 0.
    for i in torch.randperm(len(X)).split(60):
        loss = nn.functional.mse_loss(net(X[i]), Y[i])
        opt.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), clip)
        opt.step()
        tot += loss.item() / 100
    sched.step()
    net.eval()
    with torch.no_grad():
        v = nn.functional.mse_loss(net(Xt), Yt).item()
    print(f'epoch {ep} train {tot:.4f} test {v:.4f}')
