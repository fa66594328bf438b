# fault: learning-rate-too-low
"""1-D denoising network for ECG-like traces."""
import torch, math
import torch.nn as nn


def ecg(n, T=64):
    t = torch.linspace(0, 1, T)[None]
    f = 2 + 2 * torch.rand(n, 1)
    ph = torch.rand(n, 1)
    beat = ((t * f + ph) % 1.0 - 0.5) * 2
    clean = torch.exp(-(beat / 0.12) ** 2) - 0.35 * torch.exp(-((beat - 0.25) / 0.1) ** 2) + 0.2 * torch.exp(-((beat + 0.45) / 0.15) ** 2)
    clean = (clean - clean.mean()) / clean.std()
    noisy = clean + 0.6 * torch.randn(n, T)
    return noisy[:, None] / 1.17, clean[:, None]


class Denoiser(nn.Module):
    def __init__(self, c=12):
        super().__init__()
        self.inp = nn.Conv1d(1, c, 9, padding=4)
        self.mid = nn.Conv1d(c, c, 9, padding=4)
        self.outp = nn.Conv1d(c, 1, 9, padding=4)

    def forward(self, x):
        h = torch.relu(self.inp(x))
        h = h + torch.relu(self.mid(h))
        return self.outp(h)


torch.manual_seed(34)
xt, ct = ecg(2000)
xv, cv = ecg(400)
net = Denoiser()
opt = torch.optim.SGD(net.parameters(), lr=0.00005, momentum=0.9)
mse = nn.MSELoss()
for epoch in range(15):
    s = 0
    for b in torch.randperm(2000).split(40):
        opt.zero_grad()
        loss = mse(net(xt[b]), ct[b])
        loss.backward()
        opt.step()
        s += loss.item() / 50
    with torch.no_grad():
        v = mse(net(xv), cv).item()
    print(f"epoch {epoch:02d}  train mse {s:.4f}  val mse {v:.4f}  SNR gain {10*math.log10(0.36/v):.2f} dB")
