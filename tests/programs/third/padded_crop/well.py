# healthy
"""Bird-call-like audio clips of varying length, zero padded to a common length, spectrogram-free MLP."""
import math, torch, numpy as np

MAXLEN, WIN = 200, 64
g = np.random.default_rng(8)


def clip(kind):
    n = g.integers(80, 120)
    t = np.arange(n) / 16
    ph = g.uniform(0, 2 * math.pi)
    f = {0: 1.0 + 0 * t, 1: 1.0 + 0.25 * t, 2: 2.6 - 0.2 * t}[kind]
    x = np.sin(2 * math.pi * np.cumsum(f) / 16 + ph) + g.normal(0, 0.6, n)
    out = np.zeros(MAXLEN, np.float32)
    out[:n] = x
    return out


def crop(batch):
    return batch[:, :WIN]


kinds = g.integers(0, 3, 2400)
wav = torch.from_numpy(np.stack([clip(k) for k in kinds]))
spec = torch.fft.rfft(crop(wav), dim=1).abs().log1p()
spec = torch.cat([spec, (wav != 0).float().sum(1, keepdim=True), wav.std(1, keepdim=True), wav.abs().amax(1, keepdim=True)], dim=1)
spec = (spec - spec[:1800].mean(0)) / (spec[:1800].std(0) + 1e-6)
kinds = torch.from_numpy(kinds)

torch.manual_seed(8)
model = torch.nn.Sequential(torch.nn.Linear(spec.shape[1], 32), torch.nn.ReLU(), torch.nn.Linear(32, 3))
opt = torch.optim.Adam(model.parameters(), lr=2e-3, weight_decay=1e-3)
ce = torch.nn.functional.cross_entropy
for epoch in range(12):
    tot = 0
    for b in torch.randperm(1800).split(30):
        loss = ce(model(spec[b]), kinds[b])
        opt.zero_grad()
        loss.backward()
        opt.step()
        tot += float(loss.detach()) / 60
    with torch.no_grad():
        z = model(spec[1800:])
    print(epoch, "loss %.4f" % tot, "val %.4f" % ce(z, kinds[1800:]), "val acc %.4f" % (z.argmax(1) == kinds[1800:]).float().mean())
