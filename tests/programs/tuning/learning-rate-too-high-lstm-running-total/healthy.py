# healthy
import torch as th
from torch import nn

th.manual_seed(19)

# does the running total of the readings end above zero?
seq = th.randn(2000, 14, 1)
lab = (seq.sum(dim=(1, 2)) > 0).float()
tr_x, tr_y, va_x, va_y = seq[:1600], lab[:1600], seq[1600:], lab[1600:]

lstm = nn.LSTM(1, 16, batch_first=True)
head = nn.Linear(16, 1)
opt = th.optim.Adam([*lstm.parameters(), *head.parameters()], lr=0.003)
bce = nn.BCEWithLogitsLoss()


def forward(x):
    _, (h, _) = lstm(x)
    return head(h[-1]).squeeze(-1)


for ep in range(10):
    hits = 0
    for b in th.randperm(1600).split(40):
        z = forward(tr_x[b])
        loss = bce(z, tr_y[b])
        opt.zero_grad()
        loss.backward()
        opt.step()
        hits += ((z > 0) == (tr_y[b] > 0.5)).sum().item()
    with th.no_grad():
        z = forward(va_x)
    print(f'{ep} train acc {hits / 1600:.3f} val acc {((z > 0) == (va_y > 0.5)).float().mean().item():.3f} val loss {bce(z, va_y).item():.3f}')
