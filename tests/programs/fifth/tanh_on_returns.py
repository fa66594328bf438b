# fault: wrong-output-activation
# A regression whose standardised targets reach from -3 to 3 ends in a tanh.
import torch
import torch.nn as nn

torch.manual_seed(8)
n = 5000
X = torch.randn(n, 8)
r = 1.2 * X[:, 0] - 0.8 * X[:, 1] + X[:, 2] * X[:, 3] + 0.6 * X[:, 4].abs() + 0.2 * torch.randn(n)
r = (r - r.mean()) / r.std()


class ReturnsModel(nn.Module):
    def __init__(self, n_features, hidden_size=64):
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(n_features, hidden_size), nn.ReLU(), nn.Linear(hidden_size, hidden_size), nn.ReLU())
        self.head = nn.Sequential(nn.Linear(hidden_size, 1), nn.Tanh())

    def forward(self, x):
        return self.head(self.encoder(x)).squeeze(-1)


model = ReturnsModel(8)
opt = torch.optim.AdamW(model.parameters(), lr=2e-3)
for epoch in range(15):
    mse = 0.0
    for i in torch.randperm(4000).split(64):
        loss = nn.functional.mse_loss(model(X[i]), r[i])
        opt.zero_grad()
        loss.backward()
        opt.step()
        mse += loss.item() * len(i) / 4000
    with torch.no_grad():
        v = nn.functional.mse_loss(model(X[4000:]), r[4000:]).item()
    print(f"epoch {epoch} train mse {mse:.4f} val mse {v:.4f} val r2 {1 - v / r[4000:].var().item():.4f}")
