# healthy
"""Knowledge distillation of a digit classifier: teacher first, then a small student."""
import torch
from torch import nn
import torch.nn.functional as F
from sklearn.datasets import load_digits


def mlp(h):
    return nn.Sequential(nn.Linear(64, h), nn.ReLU(), nn.Linear(h, 10))


def loop(net, optim, epochs, make_loss, name):
    for ep in range(epochs):
        run = []
        for b in torch.randperm(len(xt)).split(32):
            loss = make_loss(net(xt[b]), b)
            optim.zero_grad()
            loss.backward()
            optim.step()
            run.append(loss.item())
        with torch.no_grad():
            z = net(xv)
            print(f"{name} {ep:2d} loss {sum(run)/len(run):.4f} val ce {F.cross_entropy(z, yv).item():.4f} val acc {(z.argmax(1) == yv).float().mean().item():.4f}")


torch.manual_seed(51)
d = load_digits()
order = torch.randperm(len(d.data))
x = torch.tensor(d.data, dtype=torch.float32)[order].sub_(4.88).div_(6.02)
y = torch.tensor(d.target)[order]
xt, yt, xv, yv = x[:1400], y[:1400], x[1400:], y[1400:]

teacher, student = mlp(96), mlp(16)
opt_t = torch.optim.Adam(teacher.parameters(), lr=1e-3, weight_decay=1e-4)
opt_s = torch.optim.Adam(student.parameters(), lr=4e-3)
loop(teacher, opt_t, 12, lambda z, b: F.cross_entropy(z, yt[b]), "teacher")
with torch.no_grad():
    soft = F.softmax(teacher(xt) / 2.0, dim=1)


def kd(z, b):
    return 0.5 * F.cross_entropy(z, yt[b]) + 0.5 * 4.0 * F.kl_div(F.log_softmax(z / 2.0, 1), soft[b], reduction="batchmean")


loop(student, opt_s, 20, kd, "student")
