# healthy
"""McCulloch-Pitts style network on the three-arm spiral."""
import numpy as np
import torch
import torch.nn as nn

np.random.seed(13)
torch.manual_seed(13)


def spiral(per_arm):
    pts, arm = [], []
    for k in range(3):
        r = np.linspace(0.1, 1, per_arm)
        a = 3.5 * r + 2 * np.pi * k / 3 + 0.12 * np.random.randn(per_arm)
        pts.append(np.c_[r * np.cos(a), r * np.sin(a)])
        arm += [k] * per_arm
    return np.concatenate(pts), np.array(arm)


X_train, y_train = spiral(400)
X_test, y_test = spiral(120)
m, s = X_train.mean(0), X_train.std(0)
X_train, X_test = (torch.tensor((a - m) / s, dtype=torch.float32) for a in (X_train, X_test))
y_train, y_test = torch.tensor(y_train), torch.tensor(y_test)


class Neuron(nn.Module):
    def forward(self, z):
        return torch.tanh(z)


class SpiralNet(nn.Module):
    def __init__(self, width=10, depth=4):
        super().__init__()
        sizes = [2] + [width] * depth
        self.layers = nn.ModuleList(nn.Linear(a, b) for a, b in zip(sizes, sizes[1:]))
        self.fire = Neuron()
        self.vote = nn.Linear(width, 3)

    def forward(self, x):
        for layer in self.layers:
            x = self.fire(layer(x))
        return self.vote(x)


net = SpiralNet()
opt = torch.optim.Adam(net.parameters(), lr=3e-3)
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, 30)
ce = nn.CrossEntropyLoss()
for epoch in range(1, 31):
    tot = 0.0
    for i in torch.randperm(len(X_train)).split(40):
        opt.zero_grad()
        loss = ce(net(X_train[i]), y_train[i])
        loss.backward()
        opt.step()
        tot += loss.item() * len(i) / len(X_train)
    sched.step()
    if epoch % 3 == 0:
        with torch.no_grad():
            out = net(X_test)
        print(f"epoch {epoch:3d}  loss {tot:.4f}  test {ce(out, y_test).item():.4f}  accuracy {(out.argmax(1) == y_test).float().mean().item():.3f}")
