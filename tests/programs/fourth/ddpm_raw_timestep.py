# fault: unscaled-inputs
# toy diffusion of an S-curve: the integer time step 0..499 is concatenated to the point as it is
import torch
import torch.nn as nn
from sklearn.datasets import make_s_curve

torch.manual_seed(0)
pts = torch.tensor(make_s_curve(3000, noise=0.05, random_state=0)[0][:, [0, 2]], dtype=torch.float32)
pts = (pts - pts.mean(0)) / pts.std(0)
train, held = pts[:2500], pts[2500:]
T = 500
betas = torch.linspace(1e-4, 0.02, T)
alpha_bar = torch.cumprod(1 - betas, 0)


class NoisePredictor(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(3, 96), nn.Tanh(), nn.Linear(96, 96), nn.Tanh(), nn.Linear(96, 2))

    def forward(self, x, t):
        return self.net(torch.cat([x, t[:, None].float()], dim=1))


def diffusion_loss(model, x0, generator=None):
    t = torch.randint(0, T, (len(x0),), generator=generator)
    noise = torch.randn(x0.shape, generator=generator)
    xt = alpha_bar[t].sqrt()[:, None] * x0 + (1 - alpha_bar[t]).sqrt()[:, None] * noise
    return (model(xt, t) - noise).pow(2).mean()


model = NoisePredictor()
opt = torch.optim.Adam(model.parameters(), lr=2e-3)
for epoch in range(30):
    for b in train[torch.randperm(2500)].split(128):
        loss = diffusion_loss(model, b)
        opt.zero_grad()
        loss.backward()
        opt.step()
    if epoch % 5 == 4:
        with torch.no_grad():
            v = sum(diffusion_loss(model, held, torch.Generator().manual_seed(s)).item() for s in range(10)) / 10
        print(f"epoch {epoch + 1} train {loss.item():.4f} held-out {v:.4f}")
