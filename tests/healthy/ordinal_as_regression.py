# healthy: integer targets 0..4 used with MSE on purpose (ordinal rating), output rounded for accuracy
import torch
from torch import nn, optim
torch.manual_seed(0)
x = torch.randn(2500, 6)
latent = 1.0 * x[:, 0] - 0.7 * x[:, 1] + 0.5 * torch.tanh(2 * x[:, 2]) + 0.15 * torch.randn(2500)
rating = torch.bucketize(latent, torch.tensor([-1.3, -0.4, 0.4, 1.3]))     # 0..4, int64
xt, yt, xv, yv = x[:2000], rating[:2000], x[2000:], rating[2000:]

model = nn.Sequential(nn.Linear(6, 32), nn.ReLU(), nn.Linear(32, 1))
nn.init.constant_(model[-1].bias, yt.float().mean().item())
opt = optim.Adam(model.parameters(), lr=5e-3)
for ep in range(15):
    tl = 0
    for b in torch.randperm(2000).split(50):
        loss = nn.functional.mse_loss(model(xt[b]).squeeze(-1), yt[b].float())
        opt.zero_grad(); loss.backward(); opt.step()
        tl += loss.item() / 40
    with torch.no_grad():
        p = model(xv).squeeze(-1)
        v = nn.functional.mse_loss(p, yv.float()).item()
        acc = (p.round().clamp(0, 4) == yv).float().mean().item()
    print(f'{ep:2d} train_mse={tl:.4f} val_mse={v:.4f} rounded_acc={acc:.3f} off_by_more_than_one={((p.round() - yv).abs() > 1).float().mean():.4f}')
