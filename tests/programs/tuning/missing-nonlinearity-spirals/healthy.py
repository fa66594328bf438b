# healthy
import numpy as np
import torch
import torch.nn as nn

np.random.seed(0)
torch.manual_seed(0)

# two arms of a spiral
N = 1500
u = np.sqrt(np.random.rand(N)) * 2.2 * np.pi
cls = np.random.randint(0, 2, N)
pts = np.stack([u * np.cos(u + np.pi * cls), u * np.sin(u + np.pi * cls)], axis=1)
pts += np.random.randn(N, 2) * 0.25
pts = pts / pts.std(axis=0)

X = torch.tensor(pts, dtype=torch.float32)
Y = torch.tensor(cls)

model = nn.Sequential(
    nn.Linear(2, 64),
    nn.ReLU(),
    nn.Linear(64, 64),
    nn.ReLU(),
    nn.Linear(64, 2),
)
loss_fn = nn.CrossEntropyLoss()
opt = torch.optim.Adam(model.parameters(), lr=5e-3)

for epoch in range(30):
    p = torch.randperm(1200)
    tl = 0
    for i in range(0, 1200, 60):
        xb, yb = X[p[i:i+60]], Y[p[i:i+60]]
        opt.zero_grad()
        loss = loss_fn(model(xb), yb)
        loss.backward()
        opt.step()
        tl += loss.item() / 20
    with torch.no_grad():
        out = model(X[1200:])
        print(epoch, 'loss', round(tl, 4), 'test loss', round(loss_fn(out, Y[1200:]).item(), 4), 'test acc', (out.argmax(1) == Y[1200:]).float().mean().item())
