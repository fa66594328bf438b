# fault: detached-parameters
"""Compress 8x8 detector images to six numbers, then classify from those six numbers."""
import numpy as np
import torch
from torch import nn
from sklearn.datasets import load_digits

torch.manual_seed(5)

images, target = load_digits(return_X_y=True)
rng = np.random.default_rng(5)
p = rng.permutation(len(target))
images, target = images[p], target[p]
mu, sigma = images[:1400].mean(), images[:1400].std()
images = torch.tensor((images - mu) / sigma, dtype=torch.float32).view(-1, 1, 8, 8)
target = torch.tensor(target)


class Compressor(nn.Module):
    def __init__(self):
        super().__init__()
        self.c1 = nn.Conv2d(1, 12, 3, padding=1)
        self.c2 = nn.Conv2d(12, 16, 3, stride=2, padding=1)
        self.lin = nn.Linear(256, 6)

    def forward(self, im):
        z = torch.relu(self.c1(im))
        z = torch.relu(self.c2(z))
        return self.lin(z.flatten(1))


class Readout(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Linear(6, 32)
        self.b = nn.Linear(32, 10)

    def forward(self, code):
        return self.b(torch.relu(self.a(code)))


compressor, readout = Compressor(), Readout()
params = list(compressor.parameters()) + list(readout.parameters())
opt = torch.optim.Adam(params, lr=2e-3, weight_decay=2e-3)
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, 12)
nll = nn.CrossEntropyLoss()


def analyse(im):
    code = compressor(im)
    # detector saturates at +-20
    code = torch.from_numpy(np.clip(code.detach().numpy(), -20, 20))
    return readout(code)


for epoch in range(12):
    tot = 0.0
    for ix in torch.randperm(1400).split(50):
        opt.zero_grad()
        loss = nll(analyse(images[ix]), target[ix])
        loss.backward()
        opt.step()
        tot += loss.item() * len(ix) / 1400
    sched.step()
    with torch.no_grad():
        out = analyse(images[1400:])
        v = nll(out, target[1400:]).item()
        eff = (out.argmax(1) == target[1400:]).float().mean().item()
    print(f"epoch {epoch:2d}  nll {tot:.3f}  held out {v:.3f}  efficiency {eff:.3f}")
