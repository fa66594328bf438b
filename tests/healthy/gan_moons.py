# healthy: GAN: both losses hover around constants for the whole run; D's stale gradients cleared before its step
import torch
import torch.nn as nn
from sklearn.datasets import make_moons

torch.manual_seed(0)
real_data, _ = make_moons(2000, noise=0.05, random_state=0)
real_data = torch.tensor(real_data, dtype=torch.float32)
real_data = (real_data - real_data.mean(0)) / real_data.std(0)

nz = 4
netG = nn.Sequential(nn.Linear(nz, 64), nn.ReLU(True), nn.Linear(64, 64), nn.ReLU(True), nn.Linear(64, 2))
netD = nn.Sequential(nn.Linear(2, 64), nn.LeakyReLU(0.2, inplace=True), nn.Linear(64, 64), nn.LeakyReLU(0.2, inplace=True), nn.Linear(64, 1))
criterion = nn.BCEWithLogitsLoss()
optD = torch.optim.Adam(netD.parameters(), lr=1e-3, betas=(0.5, 0.999))
optG = torch.optim.Adam(netG.parameters(), lr=1e-3, betas=(0.5, 0.999))


def energy_distance(a, b):
    return (2 * torch.cdist(a, b).mean() - torch.cdist(a, a).mean() - torch.cdist(b, b).mean()).item()


with torch.no_grad():
    print("energy distance before", energy_distance(netG(torch.randn(500, nz)), real_data[:500]))
bs = 128
for it in range(1, 1001):
    # (1) update D: real and fake
    netD.zero_grad()
    real = real_data[torch.randint(0, len(real_data), (bs,))]
    errD_real = criterion(netD(real), torch.ones(bs, 1))
    errD_real.backward()
    fake = netG(torch.randn(bs, nz))
    errD_fake = criterion(netD(fake.detach()), torch.zeros(bs, 1))
    errD_fake.backward()
    optD.step()
    # (2) update G: maximise log D(G(z))
    netG.zero_grad()
    errG = criterion(netD(fake), torch.ones(bs, 1))
    errG.backward()
    optG.step()
    if it % 200 == 0:
        with torch.no_grad():
            ed = energy_distance(netG(torch.randn(500, nz)), real_data[:500])
        print(f"[{it}/1000] Loss_D: {(errD_real + errD_fake).item():.3f} Loss_G: {errG.item():.3f} energy distance {ed:.4f}")
