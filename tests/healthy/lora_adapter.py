# healthy: LoRA on frozen linear layers: B starts at zero, so A has exactly zero gradient at the first step; two linears in a row
import copy
import math

import torch
import torch.nn as nn
from sklearn.datasets import load_digits


class LoRALinear(nn.Module):
    def __init__(self, base: nn.Linear, r=4, alpha=8):
        super().__init__()
        self.base = base
        for p in self.base.parameters():
            p.requires_grad = False
        self.A = nn.Linear(base.in_features, r, bias=False)
        self.B = nn.Linear(r, base.out_features, bias=False)
        nn.init.kaiming_uniform_(self.A.weight, a=math.sqrt(5))
        nn.init.zeros_(self.B.weight)
        self.scaling = alpha / r

    def forward(self, x):
        return self.base(x) + self.B(self.A(x)) * self.scaling


torch.manual_seed(0)
d = load_digits()
X = torch.tensor(d.data, dtype=torch.float32) / 16
Y = torch.tensor(d.target)
p = torch.randperm(len(X))
X, Y = X[p], Y[p]
X_rot = X.view(-1, 8, 8).rot90(1, (1, 2)).reshape(-1, 64)
ce = nn.CrossEntropyLoss()


def train(model, x, y, xv, yv, epochs, lr):
    opt = torch.optim.AdamW([q for q in model.parameters() if q.requires_grad], lr=lr)
    for ep in range(epochs):
        for i in torch.randperm(len(x)).split(64):
            loss = ce(model(x[i]), y[i])
            opt.zero_grad()
            loss.backward()
            opt.step()
        if ep % 5 == 4:
            with torch.no_grad():
                o = model(xv)
            print(f"  epoch {ep + 1} train {loss.item():.3f} val {ce(o, yv).item():.3f} acc {(o.argmax(1) == yv).float().mean().item():.3f}")


base = nn.Sequential(nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 10))
print("base task: upright digits")
train(base, X[:1400], Y[:1400], X[1400:], Y[1400:], 15, 2e-3)
tuned = copy.deepcopy(base)
tuned[0], tuned[2] = LoRALinear(tuned[0], r=8), LoRALinear(tuned[2])
print("LoRA: digits rotated by 90 degrees, trainable", sum(q.numel() for q in tuned.parameters() if q.requires_grad), "of", sum(q.numel() for q in tuned.parameters()))
train(tuned, X_rot[:1400], Y[:1400], X_rot[1400:], Y[1400:], 20, 3e-3)
