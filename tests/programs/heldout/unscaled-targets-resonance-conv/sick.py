# fault: unscaled-targets
"""Read the resonance frequency of a piezo (kHz range, f in Hz) off its sampled response."""
import math
import torch
from torch import nn

torch.manual_seed(11)

fs = 250_000.0          # sampling rate, Hz
n_samp = 96
t = torch.arange(n_samp) / fs


def shots(n):
    f0 = 30_000 + 25_000 * torch.rand(n, 1)
    phase = 2 * math.pi * torch.rand(n, 1)
    tau = 2e-4 + 2e-4 * torch.rand(n, 1)
    u = torch.exp(-t / tau) * torch.sin(2 * math.pi * f0 * t + phase)
    u = u + 0.02 * torch.randn_like(u)
    return u / u.std(dim=1, keepdim=True), f0


u_train, f_train = shots(1500)
u_test, f_test = shots(400)

net = nn.Sequential(
    nn.Unflatten(1, (1, n_samp)),
    nn.Conv1d(1, 16, 9, stride=2), nn.ReLU(),
    nn.Conv1d(16, 24, 7, stride=2), nn.ReLU(),
    nn.Conv1d(24, 24, 5, stride=2), nn.ReLU(),
    nn.Flatten(),
    nn.Linear(24 * 8, 32), nn.ReLU(),
    nn.Linear(32, 1),
)
opt = torch.optim.Adam(net.parameters(), lr=2e-3)
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, 20)
chi2 = nn.MSELoss()

for epoch in range(20):
    net.train()
    s = 0.0
    for ix in torch.randperm(len(u_train)).split(50):
        opt.zero_grad()
        loss = chi2(net(u_train[ix]), f_train[ix])
        loss.backward()
        opt.step()
        s += loss.item() * len(ix)
    sched.step()
    net.eval()
    with torch.no_grad():
        pred = net(u_test)
        val = chi2(pred, f_test).item()
        r = torch.corrcoef(torch.cat([pred, f_test], 1).T)[0, 1].item()
        explained = 1 - val / f_test.var().item()
    print(f"{epoch:3d}  chi2 train {s / len(u_train):.5g}  test {val:.5g}  explained variance {explained:.3f}  corr {r:.3f}")
