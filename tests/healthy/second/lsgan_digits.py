# healthy
"""Conditional least-squares GAN in PCA space of the digits. Judged by a classifier trained on real digits."""
import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression

torch.manual_seed(0)
d = load_digits()
pca = PCA(16, whiten=True, random_state=0).fit(d.data)
Z = torch.tensor(pca.transform(d.data), dtype=torch.float32)
Y = torch.tensor(d.target)
judge = LogisticRegression(max_iter=500).fit(Z.numpy(), d.target)


class Gen(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(16 + 10, 128), nn.LeakyReLU(0.2), nn.Linear(128, 128), nn.LeakyReLU(0.2), nn.Linear(128, 16))

    def forward(self, n, y):
        return self.net(torch.cat([torch.randn(n, 16), F.one_hot(y, 10).float()], 1))


class Disc(nn.Module):
    def __init__(self):
        super().__init__()
        sn = nn.utils.parametrizations.spectral_norm
        self.net = nn.Sequential(sn(nn.Linear(26, 128)), nn.LeakyReLU(0.2), sn(nn.Linear(128, 128)), nn.LeakyReLU(0.2), nn.Linear(128, 1))

    def forward(self, x, y):
        return self.net(torch.cat([x, F.one_hot(y, 10).float()], 1))


gen, disc = Gen(), Disc()
opt_g = torch.optim.Adam(gen.parameters(), lr=1e-3, betas=(0.5, 0.99))
opt_d = torch.optim.Adam(disc.parameters(), lr=1e-3, betas=(0.5, 0.99))
for epoch in range(45):
    gd = gg = k = 0
    for idx in torch.randperm(len(Z)).split(32):
        x, y = Z[idx], Y[idx]
        with torch.no_grad():
            fake = gen(len(idx), y)
        loss_d = 0.5 * ((disc(x, y) - 1) ** 2).mean() + 0.5 * (disc(fake, y) ** 2).mean()
        opt_d.zero_grad()
        loss_d.backward()
        opt_d.step()
        yg = torch.randint(0, 10, (len(idx),))
        loss_g = 0.5 * ((disc(gen(len(idx), yg), yg) - 1) ** 2).mean()
        opt_g.zero_grad()
        loss_g.backward()
        opt_g.step()
        gd += loss_d.item(); gg += loss_g.item(); k += 1
    if epoch % 5 == 4:
        gen.eval()
        with torch.no_grad():
            yy = torch.arange(10).repeat(60)
            s = gen(600, yy)
        gen.train()
        agree = (judge.predict(s.numpy()) == yy.numpy()).mean()
        print(f"epoch {epoch+1} D {gd/k:.3f} G {gg/k:.3f} judge agrees {agree:.3f} sample std {s.std().item():.2f}")
