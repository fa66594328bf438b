# fault: gradient-ascent
"""Heteroscedastic return model: predict mean and log-vol of the next move."""
import torch
from torch import nn

torch.manual_seed(64)


def draw(n):
    x = torch.randn(n, 4)
    mu = torch.sin(1.5 * x[:, 0]) + 0.5 * x[:, 1]
    sigma = 0.15 + 0.25 * torch.sigmoid(2 * x[:, 2])
    return x, (mu + sigma * torch.randn(n)).unsqueeze(1)


x_in, y_in = draw(3000)
x_out, y_out = draw(1000)
m, s = y_in.mean(), y_in.std()
y_in, y_out = (y_in - m) / s, (y_out - m) / s


class GaussianNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.trunk = nn.Sequential(nn.Linear(4, 32), nn.Tanh(), nn.Linear(32, 32), nn.Tanh())
        self.mu = nn.Linear(32, 1)
        self.log_sigma = nn.Linear(32, 1)

    def forward(self, x):
        h = self.trunk(x)
        return torch.distributions.Normal(self.mu(h), self.log_sigma(h).clamp(-4, 4).exp())


model = GaussianNet()
optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)


def objective(x, y):
    return model(x).log_prob(y).mean()


for epoch in range(25):
    tot = 0.0
    for i in torch.randperm(3000).split(75):
        optimizer.zero_grad()
        loss = objective(x_in[i], y_in[i])
        loss.backward()
        optimizer.step()
        tot += loss.item() / 40
    with torch.no_grad():
        oos = objective(x_out, y_out).item()
        rmse = (model(x_out).mean - y_out).pow(2).mean().sqrt().item()
    if epoch % 2 == 0:
        print(f"epoch {epoch:2d} objective {tot:.4f} oos {oos:.4f} oos rmse of the mean {rmse:.4f}")
