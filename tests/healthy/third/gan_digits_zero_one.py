# healthy
# detach in the discriminator step only
"""GAN on eight-by-eight digits (zeros and ones)."""
import torch
import torch.nn as nn
from sklearn.datasets import load_digits

torch.manual_seed(999)
real = torch.tensor(load_digits(n_class=2).data, dtype=torch.float32) / 8 - 1
nz = 16

netG = nn.Sequential(nn.Linear(nz, 64), nn.LeakyReLU(0.2), nn.Linear(64, 64), nn.Tanh())
netD = nn.Sequential(nn.Linear(64, 64), nn.LeakyReLU(0.2), nn.Dropout(0.2), nn.Linear(64, 1))
criterion = nn.BCEWithLogitsLoss()
optimizerD = torch.optim.Adam(netD.parameters(), lr=2e-4, betas=(0.5, 0.999))
optimizerG = torch.optim.Adam(netG.parameters(), lr=1e-3, betas=(0.5, 0.999))
fixed_noise = torch.randn(256, nz)
real_label, fake_label = 1.0, 0.0

for epoch in range(25):
    for data in real[torch.randperm(len(real))].split(60):
        b = data.size(0)
        # (1) Update D network
        netD.zero_grad()
        label = torch.full((b,), real_label)
        errD_real = criterion(netD(data).view(-1), label)
        errD_real.backward()
        noise = torch.randn(b, nz)
        fake = netG(noise)
        label.fill_(fake_label)
        errD_fake = criterion(netD(fake.detach()).view(-1), label)
        errD_fake.backward()
        optimizerD.step()
        # (2) Update G network
        netG.zero_grad()
        label.fill_(real_label)
        errG = criterion(netD(fake).view(-1), label)
        errG.backward()
        optimizerG.step()
    with torch.no_grad():
        gen = netG(fixed_noise)
        dist = torch.cdist(gen, real).min(1).values.mean().item()
    if epoch % 5 == 4:
        print("[%d] Loss_D: %.4f Loss_G: %.4f nearest real: %.3f" % (epoch, errD_real.item() + errD_fake.item(), errG.item(), dist))
