# fault: excessive-regularization
"""beta-VAE on 2-D silhouettes of ellipses (12x12)."""
import argparse
import torch
import torch.nn.functional as F
from torch import nn, optim
from torch.utils.data import DataLoader

parser = argparse.ArgumentParser(description='VAE example')
parser.add_argument('--beta', type=float, default=60.0)
parser.add_argument('--epochs', type=int, default=12)
parser.add_argument('--latent', type=int, default=6)
args = parser.parse_args()
torch.manual_seed(1)
yy, xx = torch.meshgrid(torch.arange(12.), torch.arange(12.), indexing='ij')


def silhouettes(n):
    c = 3.5 + 4 * torch.rand(n, 2, 1, 1)
    r = 1.5 + 3 * torch.rand(n, 2, 1, 1)
    d = ((yy - c[:, 0]) / r[:, 0]) ** 2 + ((xx - c[:, 1]) / r[:, 1]) ** 2
    return torch.sigmoid(6 * (1 - d)).flatten(1)


class VAE(nn.Module):
    def __init__(self, d=144, h=96, k=args.latent):
        super(VAE, self).__init__()
        self.fc1 = nn.Linear(d, h)
        self.fc21 = nn.Linear(h, k)
        self.fc22 = nn.Linear(h, k)
        self.fc3 = nn.Linear(k, h)
        self.fc4 = nn.Linear(h, d)

    def forward(self, x):
        h = F.relu(self.fc1(2 * x - 1))
        mu, logvar = self.fc21(h), self.fc22(h)
        z = mu + torch.randn_like(mu) * torch.exp(0.5 * logvar) if self.training else mu
        return self.fc4(F.relu(self.fc3(z))), mu, logvar


def loss_function(logits, x, mu, logvar):
    rec = F.binary_cross_entropy_with_logits(logits, x, reduction='sum')
    kld = -0.5 * torch.sum(1 + logvar - mu.pow(2) - logvar.exp())
    return (rec + args.beta * kld) / len(x), rec / len(x)


train_loader = DataLoader(silhouettes(4000), batch_size=64, shuffle=True)
test = silhouettes(800)
model = VAE()
optimizer = optim.Adam(model.parameters(), lr=2e-3)
scheduler = optim.lr_scheduler.CosineAnnealingLR(optimizer, args.epochs)
for epoch in range(1, args.epochs + 1):
    model.train()
    total = 0
    for x in train_loader:
        optimizer.zero_grad()
        logits, mu, logvar = model(x)
        loss, _ = loss_function(logits, x, mu, logvar)
        loss.backward()
        optimizer.step()
        total += loss.item() / len(train_loader)
    scheduler.step()
    model.eval()
    with torch.no_grad():
        logits, mu, logvar = model(test)
        tl, rec = loss_function(logits, test, mu, logvar)
        mse = F.mse_loss(logits.sigmoid(), test).item()
    print(f'====> Epoch: {epoch} train {total:.2f} test {tl:.2f} reconstruction {rec:.2f} pixel mse {mse:.4f} (mean image {test.var(0).mean():.4f})')
