# healthy
"""Learn an embedding in which pictures of the same digit are close."""
import torch
import torch.nn as nn
from sklearn.datasets import load_digits

torch.manual_seed(30)
digits = load_digits()
x = torch.tensor(digits.data, dtype=torch.float32)
x = (x - x.mean()) / x.std()
y = torch.tensor(digits.target)
order = torch.randperm(len(x))
x, y = x[order], y[order]
x_train, y_train, x_test, y_test = x[:1400], y[:1400], x[1400:], y[1400:]


class Embedder(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 8))

    def forward(self, a, b):
        ea, eb = self.net(a), self.net(b)
        return (((ea - eb) ** 2).sum(dim=1) + 1e-6).sqrt()


def contrastive(dist, same, margin=2.0):
    return (same * dist ** 2 + (1 - same) * torch.relu(margin - dist) ** 2).mean()


def pairs(y, n):
    """half of the pairs show the same digit"""
    i = torch.randint(0, len(y), (n,))
    j = torch.randint(0, len(y), (n,))
    for k in range(0, n, 2):
        candidates = (y == y[i[k]]).nonzero()[:, 0]
        j[k] = candidates[torch.randint(0, len(candidates), (1,))]
    return i, j, (y[i] == y[j]).float()


model = Embedder()
opt = torch.optim.Adam(model.parameters(), lr=2e-3)
i_test, j_test, same_test = pairs(y_test, 800)
for step in range(450):
    i, j, same = pairs(y_train, 64)
    loss = contrastive(model(x_train[i], x_train[j]), same)
    opt.zero_grad()
    loss.backward()
    opt.step()
    if step % 50 == 49:
        with torch.no_grad():
            d = model(x_test[i_test], x_test[j_test])
            acc = ((d < 1.0) == same_test.bool()).float().mean().item()
        print(f"step {step + 1} loss {loss.item():.4f} test loss {contrastive(d, same_test).item():.4f} pair accuracy {acc:.3f}")
