# healthy: NT-Xent by hand: the loss starts near log(2N-1) and stays well above zero; -inf on the diagonal on purpose
import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression

torch.manual_seed(0)
d = load_digits()
x = torch.tensor(d.images, dtype=torch.float32).unsqueeze(1) / 16
y = d.target
train, test = slice(0, 1300), slice(1300, None)


def augment(b):
    sh = torch.randint(-1, 2, (2,)).tolist()
    b = torch.roll(b, sh, dims=(2, 3))
    b = b * (0.8 + 0.4 * torch.rand(len(b), 1, 1, 1)) + 0.1 * torch.randn_like(b)
    return b * (torch.rand_like(b) > 0.1)


encoder = nn.Sequential(nn.Conv2d(1, 16, 3, padding=1), nn.BatchNorm2d(16), nn.ReLU(), nn.MaxPool2d(2),
                        nn.Conv2d(16, 32, 3, padding=1), nn.BatchNorm2d(32), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten())
projector = nn.Sequential(nn.Linear(128, 64), nn.ReLU(), nn.Linear(64, 32))


def nt_xent(z1, z2, temperature=0.5):
    n = len(z1)
    z = F.normalize(torch.cat([z1, z2]), dim=1)
    sim = z @ z.T / temperature
    sim = sim.masked_fill(torch.eye(2 * n, dtype=torch.bool), float("-inf"))
    targets = torch.cat([torch.arange(n, 2 * n), torch.arange(n)])
    return F.cross_entropy(sim, targets)


def probe():
    encoder.eval()
    with torch.no_grad():
        h = encoder(x).numpy()
    encoder.train()
    return LogisticRegression(max_iter=300).fit(h[:100], y[:100]).score(h[1300:], y[1300:])


print("linear probe (100 labels) before", probe())
opt = torch.optim.AdamW([*encoder.parameters(), *projector.parameters()], lr=2e-3, weight_decay=1e-4)
for epoch in range(8):
    tot = []
    for idx in torch.randperm(1300).split(128)[:10]:
        loss = nt_xent(projector(encoder(augment(x[idx]))), projector(encoder(augment(x[idx]))))
        opt.zero_grad()
        loss.backward()
        opt.step()
        tot.append(loss.item())
    print(f"epoch {epoch} nt-xent {sum(tot) / len(tot):.3f}")
print("linear probe (100 labels) after", probe())
