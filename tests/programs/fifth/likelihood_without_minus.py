# fault: gradient-ascent
# The mean log probability is minimised instead of its negative.
import torch
from torch import nn
from torch.distributions import Normal
from sklearn.datasets import load_diabetes

torch.manual_seed(0)
X, y = load_diabetes(return_X_y=True)
X = torch.tensor(X, dtype=torch.float32)
X = (X - X.mean(0)) / X.std(0)
y = torch.tensor(y, dtype=torch.float32)
y = (y - y.mean()) / y.std()
idx = torch.randperm(len(X))
tr, va = idx[:340], idx[340:]


class ProbabilisticRegressor(nn.Module):
    def __init__(self, n_in, n_hidden=24):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(n_in, n_hidden), nn.Tanh())
        self.mu = nn.Linear(n_hidden, 1)
        self.raw_sigma = nn.Linear(n_hidden, 1)

    def forward(self, x):
        h = self.body(x)
        sigma = 0.3 + nn.functional.softplus(self.raw_sigma(h))
        return Normal(self.mu(h).squeeze(-1), sigma.squeeze(-1))


model = ProbabilisticRegressor(10)
opt = torch.optim.Adam(model.parameters(), lr=3e-3, weight_decay=1e-3)
for epoch in range(60):
    perm = tr[torch.randperm(len(tr))]
    ll = 0.0
    for chunk in perm.split(34):
        dist = model(X[chunk])
        loss = dist.log_prob(y[chunk]).mean()
        opt.zero_grad()
        loss.backward()
        opt.step()
        ll += loss.item() * len(chunk)
    if epoch % 5 == 4:
        with torch.no_grad():
            dist = model(X[va])
            r2 = 1 - ((dist.mean - y[va]) ** 2).mean() / y[va].var()
        print(f"epoch {epoch + 1}: log-lik {ll / len(tr):.3f}  val log-lik {dist.log_prob(y[va]).mean():.3f}  val R2 {r2:.3f}")
