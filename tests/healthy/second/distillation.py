# healthy
"""Knowledge distillation: a small student learns from a trained, frozen teacher."""
import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import load_digits

torch.manual_seed(4)
d = load_digits()
X = torch.tensor(d.data, dtype=torch.float32) / 8 - 1        # [-1, 1]
y = torch.tensor(d.target)
p = torch.randperm(len(y))
X, y = X[p], y[p]
Xtr, ytr, Xva, yva = X[:1400], y[:1400], X[1400:], y[1400:]


def evaluate(net):
    net.eval()
    with torch.no_grad():
        z = net(Xva)
        return F.cross_entropy(z, yva).item(), (z.argmax(1) == yva).float().mean().item()


teacher = nn.Sequential(nn.Linear(64, 128), nn.ReLU(), nn.Dropout(0.4), nn.Linear(128, 128), nn.ReLU(), nn.Dropout(0.4), nn.Linear(128, 10))
opt = torch.optim.Adam(teacher.parameters(), lr=1e-3)
for epoch in range(25):
    teacher.train()
    for b in torch.randperm(1400).split(32):
        opt.zero_grad()
        loss = F.cross_entropy(teacher(Xtr[b]), ytr[b])
        loss.backward()
        opt.step()
    if epoch % 3 == 0:
        print("teacher", epoch, loss.item(), evaluate(teacher))
teacher.eval()
for q in teacher.parameters():
    q.requires_grad_(False)

T, lam = 3.0, 0.7
student = nn.Sequential(nn.Linear(64, 20), nn.ReLU(), nn.Linear(20, 10))
opt = torch.optim.Adam(student.parameters(), lr=4e-3)
for epoch in range(30):
    student.train()
    tot = 0
    for b in torch.randperm(1400).split(32):
        with torch.no_grad():
            soft = F.softmax(teacher(Xtr[b]) / T, dim=1)
        z = student(Xtr[b])
        kd = F.kl_div(F.log_softmax(z / T, dim=1), soft, reduction="batchmean") * T * T
        loss = lam * kd + (1 - lam) * F.cross_entropy(z, ytr[b])
        opt.zero_grad()
        loss.backward()
        opt.step()
        tot += loss.item() * len(b) / 1400
    if epoch == 20:
        opt.param_groups[0]["lr"] *= 0.2
    print(f"student {epoch} {tot:.4f}", evaluate(student))
