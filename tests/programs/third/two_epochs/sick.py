# fault: too-few-epochs
"""GNN-free molecule-ish property regression: DeepSets over atoms."""
import torch
from torch import nn


def molecules(n, g, max_atoms=12, types=5):
    cnt = torch.randint(3, max_atoms + 1, (n,), generator=g)
    kind = torch.randint(0, types, (n, max_atoms), generator=g)
    mask = torch.arange(max_atoms)[None] < cnt[:, None]
    onehot = nn.functional.one_hot(kind, types).float() * mask[..., None]
    c = onehot.sum(1)
    prop = 0.5 * c[:, 0] - 0.8 * c[:, 1] + 0.3 * c[:, 2] * c[:, 3] - 0.2 * (c[:, 4] - 2) ** 2 + 0.1 * torch.randn(n, generator=g)
    return onehot, mask, prop


class DeepSets(nn.Module):
    def __init__(self, types=5, h=48):
        super().__init__()
        self.phi = nn.Sequential(nn.Linear(types, h), nn.SiLU(), nn.Linear(h, h))
        self.rho = nn.Sequential(nn.SiLU(), nn.Linear(h, h), nn.SiLU(), nn.Linear(h, 1))

    def forward(self, a, mask):
        h = (self.phi(a) * mask[..., None]).sum(1) / 4
        return self.rho(h).squeeze(-1)


NUM_EPOCHS = 2
g = torch.Generator().manual_seed(2)
torch.manual_seed(2)
A, M, P = molecules(4000, g)
P = (P - P[:3200].mean()) / P[:3200].std()
net = DeepSets()
opt = torch.optim.Adam(net.parameters(), lr=1e-3)
for ep in range(NUM_EPOCHS):
    s = 0
    for b in torch.randperm(3200).split(64):
        loss = nn.functional.mse_loss(net(A[b], M[b]), P[b])
        opt.zero_grad()
        loss.backward()
        opt.step()
        s += loss.item() / 50
    with torch.no_grad():
        p = net(A[3200:], M[3200:])
        v = nn.functional.mse_loss(p, P[3200:]).item()
    print(f"epoch {ep+1}/{NUM_EPOCHS} train {s:.4f} val {v:.4f} val MAE {(p - P[3200:]).abs().mean().item():.4f}")
