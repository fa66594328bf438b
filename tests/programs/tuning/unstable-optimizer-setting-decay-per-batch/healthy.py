# healthy
import torch
import torch.nn as nn
from torch.optim import AdamW
from torch.optim.lr_scheduler import StepLR


class Seq2Scalar(nn.Module):
    """Sums the marked numbers of a sequence (the adding problem)."""

    def __init__(self, d=24):
        super().__init__()
        self.rnn = nn.GRU(2, d, batch_first=True)
        self.out = nn.Linear(d, 1)

    def forward(self, x):
        states, _ = self.rnn(x)
        return self.out(states[:, -1]).squeeze(1)


def adding(n, T=12):
    values = torch.randn(n, T)
    marks = torch.zeros(n, T)
    pos = torch.rand(n, T).argsort(1)[:, :2]
    marks.scatter_(1, pos, 1.0)
    return torch.stack([values, marks], 2), (values * marks).sum(1) / 2 ** 0.5


torch.manual_seed(8)
x, y = adding(2500)
xv, yv = adding(400)
model = Seq2Scalar()
optimizer = AdamW(model.parameters(), lr=5e-3)
scheduler = StepLR(optimizer, step_size=4, gamma=0.5)
mse = nn.MSELoss()
for epoch in range(12):
    total = 0.0
    for b in torch.randperm(2500).split(50):
        loss = mse(model(x[b]), y[b])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item() / 50
    scheduler.step()
    with torch.no_grad():
        print(f"epoch {epoch:2d} train {total:.4f} val {mse(model(xv), yv).item():.4f}")
