# fault: too-little-capacity
import torch
import torch.nn as nn
import math

torch.manual_seed(41)

# which of four rings does the point lie on? neighbours alternate in colour
r = torch.randint(0, 4, (2500,))
phi = torch.rand(2500) * 2 * math.pi
radius = 0.6 + 0.6 * r + 0.06 * torch.randn(2500)
points = torch.stack([radius * torch.cos(phi), radius * torch.sin(phi)], 1)
colour = (r % 2).float()
x_train, y_train, x_val, y_val = points[:2000], colour[:2000], points[2000:], colour[2000:]

hidden = 2
net = nn.Sequential(nn.Linear(2, hidden), nn.ReLU(), nn.Linear(hidden, hidden), nn.ReLU(), nn.Linear(hidden, 1), nn.Flatten(0))
opt = torch.optim.Adam(net.parameters(), lr=5e-3)
loss_fn = nn.BCEWithLogitsLoss()

epoch = 0
while epoch < 30:
    for b in torch.randperm(2000).split(50):
        loss = loss_fn(net(x_train[b]), y_train[b])
        opt.zero_grad()
        loss.backward()
        opt.step()
    epoch += 1
    if epoch % 3 == 0:
        with torch.no_grad():
            zt, zv = net(x_train), net(x_val)
            print(f"epoch {epoch}: train {loss_fn(zt, y_train).item():.4f} acc {((zt > 0) == y_train.bool()).float().mean().item():.3f}; val {loss_fn(zv, y_val).item():.4f} acc {((zv > 0) == y_val.bool()).float().mean().item():.3f}")
