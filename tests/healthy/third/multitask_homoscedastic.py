# healthy
# hard sharing: digit class, parity, mean ink; the three losses weighted by learned log variances
import torch
from sklearn.datasets import load_digits
from torch import nn

torch.manual_seed(2)
d = load_digits()
x = torch.tensor(d.images).float().unsqueeze(1) / 16
y = torch.tensor(d.target)
ink = x.mean((1, 2, 3)); ink = (ink - ink.mean()) / ink.std()
p = torch.randperm(len(x)); x, y, ink = x[p], y[p], ink[p]


class MultiTask(nn.Module):
    def __init__(self):
        super().__init__()
        self.trunk = nn.Sequential(nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(256, 64), nn.ReLU())
        self.heads = nn.ModuleDict({"digit": nn.Linear(64, 10), "parity": nn.Linear(64, 1), "ink": nn.Linear(64, 1)})
        self.log_var = nn.ParameterDict({k: nn.Parameter(torch.zeros(())) for k in ("digit", "parity", "ink")})

    def forward(self, x):
        h = self.trunk(x)
        return {k: m(h).squeeze(-1) for k, m in self.heads.items()}

    def loss(self, out, y, ink):
        parts = {
            "digit": nn.functional.cross_entropy(out["digit"], y),
            "parity": nn.functional.binary_cross_entropy_with_logits(out["parity"], (y % 2).float()),
            "ink": nn.functional.mse_loss(out["ink"], ink),
        }
        return sum(torch.exp(-self.log_var[k]) * v + self.log_var[k] for k, v in parts.items()), parts


net = MultiTask()
opt = torch.optim.Adam(net.parameters(), lr=2e-3)
for epoch in range(12):
    net.train()
    for b in torch.randperm(1400).split(50):
        loss, _ = net.loss(net(x[b]), y[b], ink[b])
        opt.zero_grad()
        loss.backward()
        opt.step()
    net.eval()
    with torch.no_grad():
        out = net(x[1400:])
        total, parts = net.loss(out, y[1400:], ink[1400:])
        acc = (out["digit"].argmax(1) == y[1400:]).float().mean().item()
    print(epoch, f"train {loss.item():.3f} val {total.item():.3f} digit acc {acc:.3f} ink mse {parts['ink'].item():.3f}")
