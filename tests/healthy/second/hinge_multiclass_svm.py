# healthy
# Linear multi-class SVM (Weston-Watkins margin written by hand) on random Fourier features of digits.
import math, torch
from sklearn.datasets import load_digits

torch.manual_seed(0)
d = load_digits()
X = torch.tensor(d.data).float() / 16
y = torch.tensor(d.target)
perm = torch.randperm(len(X)); X, y = X[perm], y[perm]
D = 150
Om = torch.randn(64, D) * 0.3
ph = torch.rand(D) * 2 * math.pi
Phi = math.sqrt(2.0) * torch.cos(X @ Om + ph)       # fixed random features
ntr = 1400

W = torch.nn.Linear(D, 10)
opt = torch.optim.SGD(W.parameters(), lr=0.005, momentum=0.9, weight_decay=5e-2)
sched = torch.optim.lr_scheduler.PolynomialLR(opt, 25)

def hinge(s, t):
    correct = s.gather(1, t[:, None])
    margins = (s - correct + 1).clamp(min=0)
    margins = margins.scatter(1, t[:, None], 0.0)
    return margins.sum(1).mean()

for epoch in range(25):
    run = 0
    for i in torch.randperm(ntr).split(32):
        loss = hinge(W(Phi[i]), y[i])
        opt.zero_grad()
        loss.backward()
        opt.step()
        run += loss.item() * len(i) / ntr
    sched.step()
    with torch.no_grad():
        s = W(Phi[ntr:])
        print("%2d hinge %.4f | test hinge %.4f acc %.4f" % (epoch, run, hinge(s, y[ntr:]).item(), (s.argmax(1) == y[ntr:]).float().mean().item()))
