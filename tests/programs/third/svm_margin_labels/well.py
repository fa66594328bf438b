# healthy
# large-margin classifier with a small MLP feature map (deep SVM), squared hinge
import numpy as np, torch
from sklearn.datasets import make_moons

np.random.seed(2); torch.manual_seed(2)
X, t = make_moons(5000, noise=0.18, random_state=2)
X = (X - X.mean(0)) / X.std(0)
t = 2 * t - 1
X, t = torch.tensor(X).float(), torch.tensor(t).float()
Xtr, ttr, Xte, tte = X[:4000], t[:4000], X[4000:], t[4000:]

phi = torch.nn.Sequential(torch.nn.Linear(2, 32), torch.nn.Tanh(), torch.nn.Linear(32, 32), torch.nn.Tanh())
w = torch.nn.Linear(32, 1)
opt = torch.optim.SGD([*phi.parameters(), *w.parameters()], lr=0.02, momentum=0.9)
C = 1e-4
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, 1500)


def objective(x, y):
    margin = y * w(phi(x)).squeeze(1)
    return torch.clamp(1 - margin, min=0).pow(2).mean()


for it in range(1500):
    i = torch.randint(0, 4000, (64,))
    loss = objective(Xtr[i], ttr[i]) + C * w.weight.pow(2).sum()
    opt.zero_grad()
    loss.backward()
    opt.step()
    sched.step()
    if it % 100 == 99:
        with torch.no_grad():
            score = w(phi(Xte)).squeeze(1)
            acc = ((score > 0) == (tte > 0)).float().mean()
            print("iter %4d  train %.4f  test %.4f  acc %.3f" % (it + 1, objective(Xtr, ttr), objective(Xte, tte), acc))
