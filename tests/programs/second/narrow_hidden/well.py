# healthy
# magnetic field direction map: 2-D position -> 8 field sectors
import torch, math
import torch.nn as nn
from torch.utils.data import TensorDataset, DataLoader
torch.manual_seed(33)

def field(n):
    p = torch.rand(n, 2) * 4 - 2
    bx = torch.sin(2.2 * p[:, 0]) + .5 * p[:, 1]
    by = torch.cos(2.2 * p[:, 1]) - .5 * p[:, 0]
    sector = ((torch.atan2(by, bx) + math.pi) / (2 * math.pi) * 8).long().clamp(0, 7)
    return p / 1.155, sector

HIDDEN = 64
model = nn.Sequential(
    nn.Linear(2, HIDDEN),
    nn.Tanh(),
    nn.Linear(HIDDEN, HIDDEN),
    nn.Tanh(),
    nn.Linear(HIDDEN, 8),
)
train_loader = DataLoader(TensorDataset(*field(6000)), batch_size=100, shuffle=True)
val_x, val_y = field(1500)
loss_fn = nn.CrossEntropyLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=6e-3)
lr_scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 30)
for epoch in range(30):
    model.train()
    cum = 0
    for x, t in train_loader:
        loss = loss_fn(model(x), t)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        cum += loss.item()
    lr_scheduler.step()
    model.eval()
    with torch.no_grad():
        o = model(val_x)
    if epoch % 5 == 4:
        print(epoch + 1, 'train loss', round(cum / len(train_loader), 4), 'val loss', round(loss_fn(o, val_y).item(), 4),
              'val acc', round((o.argmax(1) == val_y).float().mean().item(), 4))
