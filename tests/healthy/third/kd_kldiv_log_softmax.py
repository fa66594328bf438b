# healthy
# temperature distillation as in the paper
import torch
import torch.nn.functional as F
from sklearn.datasets import load_digits
from torch import nn

torch.manual_seed(9)
digits = load_digits()
X = torch.tensor(digits.data, dtype=torch.float32) / 16
y = torch.tensor(digits.target)
p = torch.randperm(len(X))
X, y = X[p], y[p]
Xtr, ytr, Xte, yte = X[:1300], y[:1300], X[1300:], y[1300:]

teacher = nn.Sequential(nn.Linear(64, 256), nn.ReLU(), nn.Linear(256, 10))
opt = torch.optim.Adam(teacher.parameters(), lr=2e-3)
for epoch in range(12):
    for b in torch.randperm(1300).split(64):
        loss = F.cross_entropy(teacher(Xtr[b]), ytr[b])
        opt.zero_grad(); loss.backward(); opt.step()
teacher.eval()
print("teacher", (teacher(Xte).argmax(1) == yte).float().mean().item())

student = nn.Sequential(nn.Linear(64, 24), nn.ReLU(), nn.Linear(24, 10))
T = 3.0
kl = nn.KLDivLoss(reduction="batchmean")
opt = torch.optim.Adam(student.parameters(), lr=2e-3)
for epoch in range(15):
    student.train()
    for b in torch.randperm(1300).split(64):
        with torch.no_grad():
            soft = F.softmax(teacher(Xtr[b]) / T, dim=1)
        loss = kl(F.log_softmax(student(Xtr[b]) / T, dim=1), soft) * T * T
        opt.zero_grad(); loss.backward(); opt.step()
    student.eval()
    with torch.no_grad():
        print(epoch, f"kd loss {loss.item():.3f} student acc {(student(Xte).argmax(1) == yte).float().mean().item():.3f}")
