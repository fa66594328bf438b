# fault: no-optimizer-step
import warnings

import torch
from sklearn.datasets import load_breast_cancer
from sklearn.preprocessing import StandardScaler
from torch import nn

warnings.filterwarnings("ignore")
torch.manual_seed(0)
ds = load_breast_cancer()
X = torch.tensor(StandardScaler().fit_transform(ds.data), dtype=torch.float32)
y = torch.tensor(ds.target)
idx = torch.randperm(len(X))
train_idx, test_idx = idx[:450], idx[450:]
model = nn.Sequential(nn.Linear(30, 20), nn.ELU(), nn.Linear(20, 2))
optimizer = torch.optim.RMSprop(model.parameters(), lr=0.001)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=400)
loss_fn = nn.CrossEntropyLoss()
for epoch in range(25):
    losses = []
    for batch in train_idx[torch.randperm(450)].split(30):
        optimizer.zero_grad()
        loss = loss_fn(model(X[batch]), y[batch])
        loss.backward()
        scheduler.step()
        losses.append(loss.item())
    with torch.no_grad():
        acc = (model(X[test_idx]).argmax(1) == y[test_idx]).float().mean().item()
    print(f"{epoch=} loss={sum(losses) / len(losses):.4f} {acc=:.3f}")
