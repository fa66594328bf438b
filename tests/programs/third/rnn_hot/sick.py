# fault: learning-rate-too-high
"""Bidirectional GRU tagger for interval detection in symbol streams."""
import torch
from torch import nn

LR = 1e-1


def batch(n, g, T=24):
    x = torch.randint(0, 6, (n, T), generator=g)
    depth = ((x == 0).int() - (x == 1).int()).cumsum(1)
    y = (depth > 0).long()
    return x, y


class Tagger(nn.Module):
    def __init__(self):
        super().__init__()
        self.e = nn.Embedding(6, 8)
        self.r = nn.GRU(8, 24, batch_first=True)
        self.o = nn.Linear(24, 2)

    def forward(self, x):
        return self.o(self.r(self.e(x))[0])


g = torch.Generator().manual_seed(5)
torch.manual_seed(5)
xt, yt = batch(3000, g)
xv, yv = batch(600, g)
net = Tagger()
opt = torch.optim.RMSprop(net.parameters(), lr=LR)
ce = nn.CrossEntropyLoss()
for ep in range(12):
    s = 0
    for b in torch.randperm(3000).split(60):
        opt.zero_grad()
        loss = ce(net(xt[b]).flatten(0, 1), yt[b].flatten())
        loss.backward()
        opt.step()
        s += loss.item() / 50
    with torch.no_grad():
        z = net(xv)
        print(f"epoch {ep} loss {s:.4f} val {ce(z.flatten(0, 1), yv.flatten()):.4f} acc {(z.argmax(-1) == yv).float().mean():.4f}")
