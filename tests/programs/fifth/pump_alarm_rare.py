# fault: class-imbalance
# One window in sixty is an alarm and the plain loss is content with never raising one.
import torch
import torch.nn as nn

torch.manual_seed(21)


def windows(n):
    t = torch.linspace(0, 6.28, 32)
    y = (torch.rand(n) < 1 / 60).float()
    x = torch.sin(t * (1 + torch.rand(n, 1)) + 6.28 * torch.rand(n, 1)) + 0.8 * torch.randn(n, 32)
    x = x + y[:, None] * 1.1 * torch.exp(-((torch.arange(32) - 24) ** 2) / 18.0)
    return x.unsqueeze(1), y


xtr, ytr = windows(6000)
xva, yva = windows(3000)
net = nn.Sequential(
    nn.Conv1d(1, 8, 5, padding=2), nn.ReLU(), nn.MaxPool1d(2),
    nn.Conv1d(8, 16, 5, padding=2), nn.ReLU(), nn.MaxPool1d(4),
    nn.Flatten(), nn.Linear(64, 1),
)
criterion = nn.BCEWithLogitsLoss()
opt = torch.optim.Adam(net.parameters(), lr=5e-4)
for epoch in range(8):
    tot = 0.0
    for i in torch.randperm(6000).split(128):
        loss = criterion(net(xtr[i]).squeeze(1), ytr[i])
        opt.zero_grad()
        loss.backward()
        opt.step()
        tot += loss.item() * len(i)
    with torch.no_grad():
        hit = net(xva).squeeze(1) > 0
        rec = hit[yva == 1].float().mean()
        spec = (~hit[yva == 0]).float().mean()
    print(f"epoch {epoch} loss {tot / 6000:.4f} accuracy {(hit == (yva > 0)).float().mean():.4f} recall {rec:.3f} balanced {(rec + spec) / 2:.3f}")
