# healthy: teacher in eval mode without gradients; KLDiv with temperature (values tiny before the T^2 factor)
import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import load_digits

torch.manual_seed(0)
d = load_digits()
x = torch.tensor(d.data, dtype=torch.float32) / 16
y = torch.tensor(d.target)
perm = torch.randperm(len(x))
x, y = x[perm], y[perm]
xt, yt, xv, yv = x[:1400], y[:1400], x[1400:], y[1400:]

teacher = nn.Sequential(nn.Linear(64, 256), nn.ReLU(), nn.Linear(256, 128), nn.ReLU(), nn.Linear(128, 10))
student = nn.Sequential(nn.Linear(64, 24), nn.ReLU(), nn.Linear(24, 10))


def accuracy(m):
    with torch.no_grad():
        return (m(xv).argmax(1) == yv).float().mean().item()


opt = torch.optim.Adam(teacher.parameters(), lr=1e-3, weight_decay=1e-4)
for epoch in range(12):
    for i in torch.randperm(1400).split(64):
        opt.zero_grad()
        loss = F.cross_entropy(teacher(xt[i]), yt[i])
        loss.backward()
        opt.step()
print("teacher accuracy", accuracy(teacher))

teacher.eval()
for p in teacher.parameters():
    p.requires_grad_(False)
T, alpha = 4.0, 0.7
opt = torch.optim.Adam(student.parameters(), lr=3e-3)
for epoch in range(25):
    tot_soft = tot_hard = 0.0
    for i in torch.randperm(1400).split(64):
        with torch.no_grad():
            t_logits = teacher(xt[i])
        s_logits = student(xt[i])
        soft = F.kl_div(F.log_softmax(s_logits / T, 1), F.softmax(t_logits / T, 1), reduction="batchmean") * T * T
        hard = F.cross_entropy(s_logits, yt[i])
        loss = alpha * soft + (1 - alpha) * hard
        opt.zero_grad()
        loss.backward()
        opt.step()
        tot_soft += soft.item() / 22
        tot_hard += hard.item() / 22
    if epoch % 5 == 4:
        with torch.no_grad():
            vl = F.cross_entropy(student(xv), yv).item()
        print(f"epoch {epoch + 1} soft {tot_soft:.4f} hard {tot_hard:.4f} val ce {vl:.4f} student acc {accuracy(student):.4f}")
