# healthy
# ordinal regression of disease progression in five grades (proportional odds with learned cut points)
import torch
import torch.nn.functional as F
from sklearn.datasets import make_friedman1
from torch import nn

X, raw = make_friedman1(2000, n_features=6, noise=0.6, random_state=1)
X = torch.tensor((X - 0.5) * 3.46, dtype=torch.float32)
raw = torch.tensor(raw)
grade = torch.bucketize(raw, torch.quantile(raw, torch.tensor([0.2, 0.4, 0.6, 0.8], dtype=raw.dtype)))
levels = (grade[:, None] > torch.arange(4)).float()


class ProportionalOdds(nn.Module):
    def __init__(self):
        super().__init__()
        self.score = nn.Sequential(nn.Linear(6, 40), nn.SiLU(), nn.Linear(40, 1))
        self.first = nn.Parameter(torch.tensor([-1.5]))
        self.gaps = nn.Parameter(torch.zeros(3))

    def forward(self, x):
        cuts = torch.cat([self.first, self.first + F.softplus(self.gaps).cumsum(0)])
        return self.score(x) - cuts


torch.manual_seed(1)
m = ProportionalOdds()
opt = torch.optim.Adam(m.parameters(), lr=0.01)
for epoch in range(25):
    for b in torch.randperm(1600).split(64):
        loss = F.binary_cross_entropy_with_logits(m(X[b]), levels[b])
        opt.zero_grad(); loss.backward(); opt.step()
    with torch.no_grad():
        pred = (m(X[1600:]) > 0).sum(1)
        print(epoch, f"{loss.item():.4f}", "MAE in grades", (pred - grade[1600:]).abs().float().mean().item())
