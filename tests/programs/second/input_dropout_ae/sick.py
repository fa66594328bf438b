# fault: excessive-dropout
"""Autoencoder of 30 correlated plant sensors; the reconstruction error will later flag anomalies."""
import torch
from torch import nn


class SensorAE(nn.Module):
    def __init__(self, n=30, h=64, code=6, drop=0.8):
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(n, h), nn.GELU(), nn.Dropout(drop), nn.Linear(h, code))
        self.decoder = nn.Sequential(nn.Dropout(drop), nn.Linear(code, h), nn.GELU(), nn.Dropout(drop), nn.Linear(h, n))

    def forward(self, x):
        return self.decoder(self.encoder(x))


torch.manual_seed(30)
mix1, mix2 = torch.randn(6, 16), torch.randn(16, 30) / 4
z = torch.randn(6000, 6)
x = torch.tanh(z @ mix1 / 4) @ mix2 + .03 * torch.randn(6000, 30)
x = (x - x.mean(0)) / x.std(0)
train, test = x[:5000], x[5000:]
ae = SensorAE()
opt = torch.optim.AdamW(ae.parameters(), lr=3e-3, weight_decay=1e-3)
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, 20)
for epoch in range(20):
    ae.train()
    acc = 0
    for batch in torch.utils.data.DataLoader(train, batch_size=100, shuffle=True):
        loss = nn.functional.mse_loss(ae(batch), batch)
        opt.zero_grad()
        loss.backward()
        opt.step()
        acc += loss.item() / 50
    sched.step()
    ae.eval()
    with torch.no_grad():
        rec = nn.functional.mse_loss(ae(test), test).item()
    if epoch % 3 == 1:
        print(f"epoch {epoch:3d} | train mse {acc:.4f} | test mse {rec:.4f} | variance explained {100 * (1 - rec):.1f} %")
