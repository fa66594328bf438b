# fault: unoptimized-parameters
"""Signal autoencoder trained with two optimizers: one for the encoder, one for the decoder."""
import torch
from torch import nn, optim


class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Sequential(nn.Linear(20, 64), nn.ReLU())
        self.trunk = nn.Sequential(nn.Linear(64, 64), nn.ReLU())
        self.mu = nn.Linear(64, 4)

    def forward(self, x):
        return self.mu(self.trunk(self.stem(x)))


class Decoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.up = nn.Sequential(nn.Linear(4, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU())
        self.to_signal = nn.Linear(64, 20)

    def forward(self, z):
        return self.to_signal(self.up(z))


torch.manual_seed(19)
t = torch.linspace(0, 1, 20)


def signals(n):
    a, f, ph, s = torch.rand(4, n, 1)
    x = (.5 + a) * torch.sin(6.283 * ((.7 + f) * t + ph)) + 2 * (s - .5) * t
    return x + .02 * torch.randn(n, 20)


train, test = signals(6000), signals(1000)
mean, std = train.mean(0), train.std(0)
train, test = (train - mean) / std, (test - mean) / std
enc, dec = Encoder(), Decoder()
enc_opt = optim.Adam(enc.mu.parameters(), lr=3e-3)
dec_opt = optim.Adam(dec.to_signal.parameters(), lr=3e-3)
scheds = [optim.lr_scheduler.CosineAnnealingLR(o, 20) for o in (enc_opt, dec_opt)]
for epoch in range(20):
    enc.train(), dec.train()
    tot = 0.
    for x in torch.utils.data.DataLoader(train, batch_size=100, shuffle=True, drop_last=True):
        enc.zero_grad(); dec.zero_grad()
        loss = nn.functional.mse_loss(dec(enc(x)), x)
        loss.backward()
        enc_opt.step()
        dec_opt.step()
        tot += loss.item() / 60
    for s in scheds:
        s.step()
    enc.eval(), dec.eval()
    with torch.no_grad():
        test_mse = nn.functional.mse_loss(dec(enc(test)), test).item()
    if epoch % 3 == 1:
        print(f'epoch {epoch} train {tot:.4f} test {test_mse:.4f}')
