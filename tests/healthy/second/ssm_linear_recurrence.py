# healthy
"""Diagonal complex state-space layer (S4D-like) as a convolution; classifies the frequency pattern of long signals."""
import math
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(0)


class S4D(nn.Module):
    def __init__(self, width, state=16):
        super().__init__()
        self.log_dt = nn.Parameter(torch.rand(width) * 1.5 - 3.5)
        self.log_re = nn.Parameter(torch.log(0.5 * torch.ones(width, state)))
        self.im = nn.Parameter(math.pi * torch.arange(state).float().repeat(width, 1))
        self.C = nn.Parameter(torch.view_as_real(torch.randn(width, state, dtype=torch.cfloat)))
        self.D = nn.Parameter(torch.randn(width))
        self.mix = nn.Linear(width, width)

    def kernel(self, L):
        A = torch.complex(-self.log_re.exp(), self.im)
        dtA = A * self.log_dt.exp()[:, None]
        C = torch.view_as_complex(self.C) * (torch.exp(dtA) - 1) / A
        return 2 * torch.einsum("ws,wsl->wl", C, torch.exp(dtA[..., None] * torch.arange(L))).real

    def forward(self, u):                    # B, L, W
        L = u.shape[1]
        x = u.transpose(1, 2)
        y = torch.fft.irfft(torch.fft.rfft(x, 2 * L) * torch.fft.rfft(self.kernel(L), 2 * L), 2 * L)[..., :L]
        y = F.gelu(y + self.D[:, None] * x).transpose(1, 2)
        return u + self.mix(y)


class Net(nn.Module):
    def __init__(self, w=24):
        super().__init__()
        self.enc = nn.Linear(1, w)
        self.n1, self.n2 = nn.LayerNorm(w), nn.LayerNorm(w)
        self.l1, self.l2 = S4D(w), S4D(w)
        self.head = nn.Linear(w, 4)

    def forward(self, x):
        x = self.n1(self.l1(self.enc(x)))
        x = self.n2(self.l2(x))
        return self.head(x.mean(1))


def data(n, L=128):
    y = torch.randint(0, 4, (n,))
    t = torch.arange(L) / L
    base = torch.tensor([6.0, 8.0, 10.0, 12.0])[y] + torch.randn(n) * 0.25
    x = torch.sin(2 * math.pi * base[:, None] * t + torch.rand(n, 1) * 6.28)
    return (x + 0.7 * torch.randn(n, L))[..., None], y


xa, ya = data(1600)
xb, yb = data(400)
net = Net()
opt = torch.optim.AdamW(net.parameters(), lr=4e-3, weight_decay=0.01)
EP = 10
sched = torch.optim.lr_scheduler.OneCycleLR(opt, 8e-3, total_steps=EP * 50)
for ep in range(EP):
    net.train()
    t = 0
    for i in torch.randperm(1600).split(32):
        loss = F.cross_entropy(net(xa[i]), ya[i])
        opt.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 5.0)
        opt.step()
        sched.step()
        t += loss.item() / 50
    net.eval()
    with torch.no_grad():
        o = net(xb)
    print(f"epoch {ep+1} train {t:.3f} val {F.cross_entropy(o, yb).item():.3f} acc {(o.argmax(1)==yb).float().mean().item():.3f}")
