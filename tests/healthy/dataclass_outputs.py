# healthy: forward returns a dataclass, a sub-module returns a namedtuple, loss comes out of a method of the output
from collections import namedtuple
from dataclasses import dataclass
from typing import Optional

import torch
from sklearn.datasets import load_wine
from sklearn.preprocessing import StandardScaler
from torch import Tensor, nn

Encoded = namedtuple("Encoded", ["features", "gate"])


@dataclass
class ModelOutput:
    logits: Tensor
    gate: Tensor
    target: Optional[Tensor] = None

    def loss(self):
        return nn.functional.cross_entropy(self.logits, self.target) + 1e-3 * self.gate.abs().mean()


class GatedEncoder(nn.Module):
    def __init__(self, n_in, n_out):
        super().__init__()
        self.lin, self.gate = nn.Linear(n_in, n_out), nn.Linear(n_in, n_out)

    def forward(self, x):
        g = torch.sigmoid(self.gate(x))
        return Encoded(features=torch.tanh(self.lin(x)) * g, gate=g)


class Wine(nn.Module):
    def __init__(self):
        super().__init__()
        self.enc = GatedEncoder(13, 24)
        self.head = nn.Linear(24, 3)

    def forward(self, x, target=None) -> ModelOutput:
        e = self.enc(x)
        return ModelOutput(self.head(e.features), e.gate, target)


torch.manual_seed(0)
wine = load_wine()
x = torch.tensor(StandardScaler().fit_transform(wine.data), dtype=torch.float32)
y = torch.tensor(wine.target)
p = torch.randperm(len(x))
tr, va = p[:130], p[130:]
model = Wine()
opt = torch.optim.Adam(model.parameters(), lr=5e-3)
for epoch in range(25):
    for idx in tr[torch.randperm(len(tr))].split(16):
        out = model(x[idx], y[idx])
        loss = out.loss()
        opt.zero_grad()
        loss.backward()
        opt.step()
    if epoch % 4 == 0:
        with torch.no_grad():
            o = model(x[va], y[va])
        print(f"epoch {epoch} train {loss.item():.4f} val {o.loss().item():.4f} acc {(o.logits.argmax(1) == y[va]).float().mean().item():.3f}")
