# healthy: backbone pretrained on digits 0-4 is frozen; only a new linear head trains on digits 5-9 (most params never change)
import torch
import torch.nn as nn
from sklearn.datasets import load_digits

torch.manual_seed(0)
d = load_digits()
X = torch.tensor(d.images, dtype=torch.float32).unsqueeze(1) / 8 - 1
Y = torch.tensor(d.target)


def fit(params, forward, x, y, epochs, lr, tag):
    perm = torch.randperm(len(x), generator=torch.Generator().manual_seed(1))
    x, y = x[perm], y[perm]
    k = int(0.8 * len(x))
    opt = torch.optim.Adam(params, lr=lr)
    for ep in range(epochs):
        for idx in torch.randperm(k).split(32):
            opt.zero_grad()
            loss = nn.functional.cross_entropy(forward(x[idx]), y[idx])
            loss.backward()
            opt.step()
        if ep % 3 == 2:
            with torch.no_grad():
                o = forward(x[k:])
                print(f"{tag} epoch {ep + 1} val loss {nn.functional.cross_entropy(o, y[k:]):.4f} acc {(o.argmax(1) == y[k:]).float().mean():.3f}")


backbone = nn.Sequential(
    nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
    nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten())
low = Y < 5
head1 = nn.Sequential(nn.Linear(128, 64), nn.ReLU(), nn.Linear(64, 5))
fit([*backbone.parameters(), *head1.parameters()], lambda x: head1(backbone(x)), X[low], Y[low], 6, 1e-3, "pretrain")

for p in backbone.parameters():
    p.requires_grad = False
backbone.eval()
head2 = nn.Linear(128, 5)
model = nn.Sequential(backbone, head2)
fit(filter(lambda p: p.requires_grad, model.parameters()), model, X[~low], Y[~low] - 5, 15, 5e-3, "transfer")
print("trainable", sum(p.numel() for p in model.parameters() if p.requires_grad), "of", sum(p.numel() for p in model.parameters()))
