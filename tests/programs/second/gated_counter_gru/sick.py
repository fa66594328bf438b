# fault: learning-rate-too-high
# GRU counts events in a point process; Adam settings copied from another project
import torch
import torch.nn as nn

torch.manual_seed(60)


class Counter(nn.Module):
    def __init__(self):
        super().__init__()
        self.gru = nn.GRU(2, 32, batch_first=True)
        self.read = nn.Linear(32, 1)

    def forward(self, x):
        return self.read(self.gru(x)[0][:, -1])[:, 0]


def make(n, T=30):
    """count pulses on channel 0 while channel 1 (gate) is high"""
    gate = (torch.cumsum((torch.rand(n, T) < .15).float(), 1) % 2)
    pulse = (torch.rand(n, T) < .4).float()
    target = (gate * pulse).sum(1)
    return torch.stack([(pulse - .4) / .49, 2 * gate - 1], 2), (target - 4.7) / 3.1


x, y = make(4000)
xt, yt = make(1000)
model = Counter()
optimizer = torch.optim.Adam(model.parameters(), lr=0.4)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 25)
for epoch in range(25):
    model.train()
    acc = 0.
    for j in torch.randperm(4000).split(80):
        pred = model(x[j])
        loss = nn.functional.mse_loss(pred, y[j])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        acc += loss.item() / 50
    scheduler.step()
    model.eval()
    with torch.no_grad():
        p = model(xt)
    if epoch % 3 == 0:
        print(f'epoch {epoch:2d} train {acc:.4f} test {nn.functional.mse_loss(p, yt).item():.4f} mean abs count error {(p - yt).abs().mean().item() * 3.1:.2f}')
