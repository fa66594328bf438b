# healthy
# conditional GAN on digits 0..3, two time-scale rates, label smoothing of the real side; losses oscillate around ln 2
import torch
import torch.nn as nn
from sklearn.datasets import load_digits

torch.manual_seed(21)
d = load_digits(n_class=4)
X, y = torch.tensor(d.data).float() / 8 - 1, torch.tensor(d.target)


class G(nn.Module):
    def __init__(self):
        super().__init__()
        self.emb = nn.Embedding(4, 8)
        self.net = nn.Sequential(nn.Linear(24, 96), nn.BatchNorm1d(96), nn.ReLU(), nn.Linear(96, 96), nn.BatchNorm1d(96), nn.ReLU(), nn.Linear(96, 64), nn.Tanh())

    def forward(self, z, c):
        return self.net(torch.cat([z, self.emb(c)], 1))


class D(nn.Module):
    def __init__(self):
        super().__init__()
        self.emb = nn.Embedding(4, 8)
        self.net = nn.Sequential(nn.Linear(72, 96), nn.LeakyReLU(0.2), nn.Dropout(0.3), nn.Linear(96, 48), nn.LeakyReLU(0.2), nn.Linear(48, 1))

    def forward(self, x, c):
        return self.net(torch.cat([x, self.emb(c)], 1)).squeeze(1)


gen, dis = G(), D()
og = torch.optim.Adam(gen.parameters(), lr=8e-4, betas=(0.5, 0.99))
od = torch.optim.Adam(dis.parameters(), lr=8e-4, betas=(0.5, 0.99))
bce = nn.BCEWithLogitsLoss()
for epoch in range(45):
    for b in torch.randperm(len(X)).split(48):
        n = len(b)
        c = torch.randint(0, 4, (n,))
        fake = gen(torch.randn(n, 16), c)
        loss_d = bce(dis(X[b], y[b]), torch.full((n,), 0.9)) + bce(dis(fake.detach(), c), torch.zeros(n))
        od.zero_grad(); loss_d.backward(); od.step()
        loss_g = bce(dis(fake, c), torch.ones(n))
        og.zero_grad(); loss_g.backward(); og.step()
    if epoch % 9 == 8:
        gen.eval()
        with torch.no_grad():
            c = torch.arange(4).repeat(64)
            s = gen(torch.randn(256, 16), c)
            nn_label = y[torch.cdist(s, X).argmin(1)]
        gen.train()
        print(f"epoch {epoch + 1} D {loss_d.item():.3f} G {loss_g.item():.3f} right class {(nn_label == c).float().mean().item():.3f}")
