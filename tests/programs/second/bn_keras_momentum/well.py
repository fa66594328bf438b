# healthy
# Keras -> PyTorch port: wave-form classifier
import torch
from torch import nn
from sklearn.metrics import accuracy_score

torch.manual_seed(2)
BN_MOMENTUM = 0.05


def conv_bn(cin, cout, k):
    return nn.Sequential(
        nn.Conv1d(cin, cout, k, padding=k // 2, bias=False),
        nn.BatchNorm1d(cout, momentum=BN_MOMENTUM, eps=1e-3),
        nn.ReLU())


def waves(n):
    """sine / saw / square / chirp with random phase, amplitude ~ 1 and noise"""
    t = torch.linspace(0, 4, 64).expand(n, 64)
    kind = torch.randint(0, 4, (n,))
    f = .8 + .6 * torch.rand(n, 1)
    ph = torch.rand(n, 1)
    base = f * t + ph
    frac = base - base.floor()
    s = torch.stack([torch.sin(6.283 * base), 2 * frac - 1, torch.sign(frac - .5), torch.sin(6.283 * (base + .2 * t ** 2))])
    x = s[kind, torch.arange(n)] + .5 * torch.randn(n, 64)
    return x.unsqueeze(1) / .9, kind


xtr, ytr = waves(3000)
xva, yva = waves(1000)
model = nn.Sequential(conv_bn(1, 16, 7), nn.MaxPool1d(2), conv_bn(16, 32, 5), nn.MaxPool1d(2), conv_bn(32, 32, 3),
                      nn.AdaptiveAvgPool1d(1), nn.Flatten(), nn.Linear(32, 4))
opt = torch.optim.Adam(model.parameters(), lr=1e-3)
EPOCHS = 8
reduce = torch.optim.lr_scheduler.OneCycleLR(opt, 4e-3, total_steps=EPOCHS * 50)
for epoch in range(EPOCHS):
    model.train()
    hits, tot = 0, 0
    for idx in torch.randperm(3000).split(60):
        out = model(xtr[idx])
        loss = nn.functional.cross_entropy(out, ytr[idx])
        opt.zero_grad()
        loss.backward()
        opt.step()
        reduce.step()
        tot += loss.item() / 50
        hits += (out.argmax(1) == ytr[idx]).sum().item()
    model.eval()
    with torch.no_grad():
        pv = model(xva)
    print(f'Epoch {epoch + 1}/{EPOCHS} loss: {tot:.4f} accuracy: {hits / 3000:.4f} val_loss: {nn.functional.cross_entropy(pv, yva):.4f} val_accuracy: {accuracy_score(yva, pv.argmax(1)):.4f}')
