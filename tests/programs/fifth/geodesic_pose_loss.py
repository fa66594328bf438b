# fault: unstable-formula
# A rotation loss takes acos of a cosine that reaches 1, where the derivative of acos is infinite.
import math

import torch
import torch.nn as nn
import torch.nn.functional as F


def make_rotations(n, g):
    angle = (torch.rand(n, generator=g) * 2 - 1) * math.pi * 0.9
    c, s = angle.cos(), angle.sin()
    r = torch.stack([torch.stack([c, -s], -1), torch.stack([s, c], -1)], -2)
    return angle, r


g = torch.Generator().manual_seed(0)
torch.manual_seed(0)
template = torch.randn(12, 2, generator=g)
angle, rot = make_rotations(3000, g)
clouds = torch.einsum("nij,kj->nki", rot, template) + 0.02 * torch.randn(3000, 12, 2, generator=g)
target = torch.stack([angle.cos(), angle.sin()], -1)
train_x, test_x = clouds[:2500], clouds[2500:]
train_t, test_t = target[:2500], target[2500:]


class PoseNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.mlp = nn.Sequential(nn.Flatten(), nn.Linear(24, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 2))

    def forward(self, pts):
        return F.normalize(self.mlp(pts), dim=-1)


def geodesic(pred, target):
    cos = (pred * target).sum(-1).clamp(-1.0, 1.0)
    return torch.acos(cos).mean()


net = PoseNet()
optim = torch.optim.Adam(net.parameters(), lr=2e-3)
loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(train_x, train_t), batch_size=50, shuffle=True)
for epoch in range(20):
    net.train()
    running = 0.0
    for pts, t in loader:
        optim.zero_grad()
        loss = geodesic(net(pts), t)
        loss.backward()
        optim.step()
        running += loss.item()
    net.eval()
    with torch.no_grad():
        p = net(test_x)
        err = torch.rad2deg(torch.atan2(p[:, 0] * test_t[:, 1] - p[:, 1] * test_t[:, 0], (p * test_t).sum(-1)).abs())
    print(f"epoch {epoch:2d} train {running / len(loader):.4f} rad, test error {err.mean():.2f} deg")
