# healthy: LSTM reading an image row by row; saturating gates; the first row is often all zeros
import torch, torch.nn as nn
from sklearn.datasets import load_digits
torch.manual_seed(3)

d = load_digits()
X = torch.from_numpy(d.images).float() / 16.
Y = torch.from_numpy(d.target)
idx = torch.randperm(len(X)); X, Y = X[idx], Y[idx]
Xtr, Ytr, Xva, Yva = X[:1500], Y[:1500], X[1500:], Y[1500:]

class RowLSTM(nn.Module):
    def __init__(self, hidden=64):
        super().__init__()
        self.lstm = nn.LSTM(8, hidden, batch_first=True)
        self.out = nn.Linear(hidden, 10)
    def forward(self, x):
        h, (hn, cn) = self.lstm(x)
        return self.out(h[:, -1])

m = RowLSTM()
opt = torch.optim.Adam(m.parameters(), lr=6e-3)
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, 14)
ce = nn.CrossEntropyLoss()
for ep in range(14):
    tot = 0
    for b in torch.randperm(1500).split(64):
        opt.zero_grad()
        l = ce(m(Xtr[b]), Ytr[b])
        l.backward()
        nn.utils.clip_grad_norm_(m.parameters(), 5.0)
        opt.step()
        tot += l.item() * len(b)
    sched.step()
    with torch.no_grad():
        o = m(Xva)
        print('ep %d train %.3f val %.3f acc %.3f' % (ep, tot/1500, ce(o, Yva), (o.argmax(1) == Yva).float().mean()))
