# healthy: the same layer applied several times in one forward (weight sharing, ALBERT-like recurrence)
import torch, torch.nn as nn
from sklearn.datasets import load_breast_cancer
from sklearn.preprocessing import StandardScaler
from sklearn.model_selection import train_test_split

torch.manual_seed(1)
X, y = load_breast_cancer(return_X_y=True)
Xa, Xb, ya, yb = train_test_split(X, y, test_size=.3, random_state=3, stratify=y)
ss = StandardScaler().fit(Xa)
f = lambda z: torch.tensor(ss.transform(z), dtype=torch.float32)
Xa, Xb, ya, yb = f(Xa), f(Xb), torch.tensor(ya).float(), torch.tensor(yb).float()

class Recurrent(nn.Module):
    def __init__(self, d=24, n=3):
        super().__init__()
        self.inp = nn.Linear(30, d); self.norm = nn.LayerNorm(d)
        self.block = nn.Linear(d, d); self.out = nn.Linear(d, 1); self.n = n
    def forward(self, x):
        h = self.inp(x)
        for _ in range(self.n):
            h = h + torch.tanh(self.block(self.norm(h)))
        return self.out(h)[:, 0]

net = Recurrent()
opt = torch.optim.AdamW(net.parameters(), lr=1e-3, weight_decay=.05)
bce = nn.BCEWithLogitsLoss()
for ep in range(10):
    for i in torch.randperm(len(Xa)).split(16):
        opt.zero_grad()
        loss = bce(net(Xa[i]), ya[i])
        loss.backward()
        opt.step()
    with torch.no_grad():
        o = net(Xb)
        print(ep, 'train', round(bce(net(Xa), ya).item(), 4), 'test', round(bce(o, yb).item(), 4), 'acc', round(((o > 0) == (yb > .5)).float().mean().item(), 4))
