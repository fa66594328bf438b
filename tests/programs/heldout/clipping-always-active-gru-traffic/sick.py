# fault: clipping-always-active
import math
import torch
import torch.nn as nn
import torch.nn.functional as F


class SensorSeries:
    def __init__(self, seed=3, n=3600):
        g = torch.Generator().manual_seed(seed)
        t = torch.arange(n).float()
        s = torch.sin(2 * math.pi * t / 24) + 0.6 * torch.sin(2 * math.pi * t / 37 + 1)
        e = torch.zeros(n)
        noise = 0.12 * torch.randn(n, generator=g)
        for i in range(1, n):
            e[i] = 0.7 * e[i - 1] + noise[i]
        self.values = s + e

    def split(self, frac=0.8, window=24):
        n = int(frac * len(self.values))
        m, sd = self.values[:n].mean(), self.values[:n].std()
        z = (self.values - m) / sd
        return self._frames(z[:n], window), self._frames(z[n:], window)

    @staticmethod
    def _frames(z, w):
        return z.unfold(0, w, 1)[:-1].unsqueeze(2), z[w:].unsqueeze(1)


class Forecaster(nn.Module):
    def __init__(self, hidden=20):
        super().__init__()
        self.gru = nn.GRU(1, hidden, batch_first=True)
        self.linear = nn.Linear(hidden, 1)

    def forward(self, x):
        return self.linear(self.gru(x)[0][:, -1])


class Learner:
    def __init__(self, model, lr, max_norm):
        self.model, self.max_norm = model, max_norm
        self.opt = torch.optim.SGD(model.parameters(), lr=lr, momentum=0.9)

    def epoch(self, x, y, bs=48):
        self.model.train()
        total = 0.0
        for i in torch.randperm(len(x)).split(bs):
            self.opt.zero_grad()
            loss = F.mse_loss(self.model(x[i]), y[i])
            loss.backward()
            nn.utils.clip_grad_norm_(self.model.parameters(), self.max_norm)
            self.opt.step()
            total += loss.item() * len(i)
        return total / len(x)

    @torch.no_grad()
    def score(self, x, y):
        self.model.eval()
        return F.mse_loss(self.model(x), y).item()


torch.manual_seed(3)
(xt, yt), (xv, yv) = SensorSeries().split()
learner = Learner(Forecaster(), lr=0.03, max_norm=0.001)
for ep in range(14):
    tr = learner.epoch(xt, yt)
    print(f"epoch {ep:2d} train mse {tr:.4f} valid mse {learner.score(xv, yv):.4f}")
