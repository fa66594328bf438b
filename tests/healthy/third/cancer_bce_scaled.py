# healthy
# 0/1 labels
import torch
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import scale

bunch = load_breast_cancer()
target = 1.0 * bunch.target
xtr, xte, ytr, yte = train_test_split(scale(bunch.data), target, random_state=0)
xtr, xte, ytr, yte = (torch.tensor(a, dtype=torch.float) for a in (xtr, xte, ytr, yte))

torch.manual_seed(0)
mlp = torch.nn.Sequential(torch.nn.Linear(30, 16), torch.nn.ReLU(), torch.nn.Linear(16, 1))
adam = torch.optim.Adam(mlp.parameters(), lr=0.003, weight_decay=1e-2)
bce = torch.nn.BCEWithLogitsLoss()
for epoch in range(12):
    order = torch.randperm(len(xtr))
    for k in range(0, len(xtr), 32):
        sel = order[k : k + 32]
        out = mlp(xtr[sel]).view(-1)
        loss = bce(out, ytr[sel])
        adam.zero_grad()
        loss.backward()
        adam.step()
    with torch.no_grad():
        o = mlp(xte).view(-1)
        p = torch.sigmoid(o)
        brier = ((p - yte) ** 2).mean()
        print(epoch, "loss %.2f" % loss.item(), "test loss %.2f" % bce(o, yte).item(), "brier %.3f" % brier.item(), "acc", ((o > 0) == (yte > 0.5)).float().mean().item())
