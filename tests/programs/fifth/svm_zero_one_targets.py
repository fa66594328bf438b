# fault: invalid-labels
# A linear-kernel-like SVM with hinge loss that expects +1/-1 gets targets 0/1, so that half of the samples say nothing.
import numpy as np
import torch
import torch.nn as nn
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

torch.manual_seed(1)
data = load_breast_cancer()
Xtr, Xte, ytr, yte = train_test_split(data.data, data.target, test_size=0.3, random_state=1, stratify=data.target)
sc = StandardScaler()
Xtr = torch.tensor(sc.fit_transform(Xtr), dtype=torch.float32)
Xte = torch.tensor(sc.transform(Xte), dtype=torch.float32)
ytr = torch.tensor(ytr, dtype=torch.float32)
yte = torch.tensor(yte, dtype=torch.float32)


class SVM(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.hidden = nn.Linear(d, 32)
        self.out = nn.Linear(32, 1)

    def forward(self, x):
        return self.out(torch.relu(self.hidden(x))).squeeze(1)


def hinge(score, y):
    return torch.clamp(1 - y * score, min=0).mean()


svm = SVM(30)
opt = torch.optim.SGD(svm.parameters(), lr=0.05, momentum=0.9, weight_decay=1e-3)
n = len(Xtr)
for epoch in range(40):
    perm = torch.randperm(n)
    total = 0.0
    for i in range(0, n, 32):
        idx = perm[i : i + 32]
        opt.zero_grad()
        loss = hinge(svm(Xtr[idx]), ytr[idx])
        loss.backward()
        opt.step()
        total += loss.item() * len(idx)
    with torch.no_grad():
        pred = (svm(Xte) > 0).float()
        acc = (pred == (yte > 0).float()).float().mean().item()
        vl = hinge(svm(Xte), yte).item()
    print(f"epoch {epoch} hinge {total / n:.4f} test hinge {vl:.4f} test acc {acc:.4f}")
