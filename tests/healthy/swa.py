# healthy: stochastic weight averaging: constant learning rate at the end, BN statistics recomputed by update_bn
import torch
import torch.nn as nn
from sklearn.datasets import load_digits
from torch.optim.swa_utils import SWALR, AveragedModel, update_bn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
d = load_digits()
x = torch.tensor(d.data, dtype=torch.float32) / 16
y = torch.tensor(d.target)
p = torch.randperm(len(x))
loader = DataLoader(TensorDataset(x[p[:1400]], y[p[:1400]]), batch_size=50, shuffle=True)
xv, yv = x[p[1400:]], y[p[1400:]]
model = nn.Sequential(nn.Linear(64, 96), nn.BatchNorm1d(96), nn.ReLU(), nn.Linear(96, 48), nn.BatchNorm1d(48), nn.ReLU(), nn.Linear(48, 10))
loss_fn = nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9, weight_decay=1e-3)
swa_model = AveragedModel(model)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=15)
swa_scheduler = SWALR(optimizer, anneal_strategy="linear", anneal_epochs=3, swa_lr=0.02)
swa_start = 10
for epoch in range(18):
    model.train()
    for inp, target in loader:
        optimizer.zero_grad()
        loss = loss_fn(model(inp), target)
        loss.backward()
        optimizer.step()
    if epoch >= swa_start:
        swa_model.update_parameters(model)
        swa_scheduler.step()
    else:
        scheduler.step()
    model.eval()
    with torch.no_grad():
        o = model(xv)
    if epoch % 3 == 2:
        print(f"epoch {epoch + 1} lr {optimizer.param_groups[0]['lr']:.4f} train {loss.item():.4f} val {loss_fn(o, yv).item():.4f} acc {(o.argmax(1) == yv).float().mean():.4f}")
update_bn(loader, swa_model)
swa_model.eval()
with torch.no_grad():
    o = swa_model(xv)
print(f"SWA model val {loss_fn(o, yv).item():.4f} acc {(o.argmax(1) == yv).float().mean():.4f}")
