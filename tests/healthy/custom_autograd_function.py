# healthy: hand-written autograd.Function (straight-through binarised hidden units): outputs only -1/+1, gradient estimated
import torch
import torch.nn as nn
from sklearn.datasets import load_digits

torch.manual_seed(0)


class BinarySTE(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return torch.where(x >= 0, 1.0, -1.0)

    @staticmethod
    def backward(ctx, grad_output):
        (x,) = ctx.saved_tensors
        return grad_output * (x.abs() <= 1).float()


class BinaryNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(64, 200)
        self.bn = nn.BatchNorm1d(200)
        self.fc2 = nn.Linear(200, 10)

    def forward(self, x):
        return self.fc2(BinarySTE.apply(self.bn(self.fc1(x))))


d = load_digits()
x, y = torch.tensor(d.data, dtype=torch.float32) / 16, torch.tensor(d.target)
p = torch.randperm(len(x))
x, y = x[p], y[p]
net = BinaryNet()
opt = torch.optim.Adam(net.parameters(), lr=1e-3)
sched = torch.optim.lr_scheduler.StepLR(opt, 8, gamma=0.3)
loss_fn = nn.CrossEntropyLoss()
for epoch in range(16):
    net.train()
    tl = 0
    for idx in torch.randperm(1400).split(50):
        opt.zero_grad()
        loss = loss_fn(net(x[idx]), y[idx])
        loss.backward()
        opt.step()
        tl += loss.item() / 28
    sched.step()
    net.eval()
    with torch.no_grad():
        o = net(x[1400:])
    if epoch % 3 == 0:
        print(f"epoch {epoch} train loss {tl:.4f} val loss {loss_fn(o, y[1400:]).item():.4f} val acc {(o.argmax(1) == y[1400:]).float().mean().item():.4f}")
