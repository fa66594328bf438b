# healthy: an exponential moving average copy changes without gradients; evaluated next to the live model
import copy
import torch
from torch import nn
from sklearn.datasets import make_circles

torch.manual_seed(0)
X, y = make_circles(2500, noise=0.1, factor=0.45, random_state=0)
X = torch.as_tensor(X / X.std(0), dtype=torch.float32)
y = torch.as_tensor(y)
Xtr, ytr, Xte, yte = X[:2000], y[:2000], X[2000:], y[2000:]


class EMA:
    def __init__(self, model, decay):
        self.module = copy.deepcopy(model).eval()
        for p in self.module.parameters():
            p.requires_grad_(False)
        self.decay = decay

    @torch.no_grad()
    def update(self, model):
        for e, p in zip(self.module.parameters(), model.parameters()):
            e.lerp_(p, 1 - self.decay)


model = nn.Sequential(nn.Linear(2, 32), nn.LeakyReLU(0.1), nn.Linear(32, 32), nn.LeakyReLU(0.1), nn.Linear(32, 2))
ema = EMA(model, 0.97)
opt = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
ce = nn.CrossEntropyLoss()
for epoch in range(15):
    for idx in torch.randperm(2000).split(50):
        opt.zero_grad()
        loss = ce(model(Xtr[idx]), ytr[idx])
        loss.backward()
        opt.step()
        ema.update(model)
    if epoch % 3 == 2:
        with torch.no_grad():
            live, avg = model(Xte), ema.module(Xte)
        print(f"epoch {epoch + 1} train {loss.item():.4f} | live val {ce(live, yte):.4f} acc {(live.argmax(1) == yte).float().mean():.3f} | ema val {ce(avg, yte):.4f} acc {(avg.argmax(1) == yte).float().mean():.3f}")
