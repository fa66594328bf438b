# healthy
# Half of the target's variance is noise; the small network reaches R2 of 0.5, which is all that can be reached.
import torch
import torch.nn as nn

torch.manual_seed(12)
n = 6000
x = torch.rand(n, 5) * 2 - 1
signal = torch.sin(3 * x[:, 0]) + x[:, 1] * x[:, 2] + 0.5 * x[:, 3] ** 2
signal = (signal - signal.mean()) / signal.std()
y = (signal + torch.randn(n)) / 2**0.5
x_tr, y_tr, x_va, y_va = x[:5000], y[:5000], x[5000:], y[5000:]
model = nn.Sequential(nn.Linear(5, 64), nn.SiLU(), nn.Linear(64, 64), nn.SiLU(), nn.Linear(64, 1))
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2, weight_decay=1e-2)
epochs = 20
sched = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, epochs)
for epoch in range(epochs):
    run = 0.0
    for b in torch.randperm(5000).split(100):
        pred = model(x_tr[b]).squeeze(1)
        loss = ((pred - y_tr[b]) ** 2).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        run += loss.item()
    sched.step()
    with torch.no_grad():
        mse = ((model(x_va).squeeze(1) - y_va) ** 2).mean()
    print(f"{epoch:3d} train {run / 50:.4f} val {mse:.4f} val R2 {1 - mse / y_va.var():.4f}")
