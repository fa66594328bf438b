# healthy: label smoothing: the loss cannot fall below ~0.5 however good the model is
import torch
import torch.nn as nn
from sklearn.datasets import load_digits
from sklearn.model_selection import StratifiedShuffleSplit

torch.manual_seed(0)
data = load_digits()
X = torch.from_numpy((data.data - 4.88) / 6.02).float()
y = torch.from_numpy(data.target)
tr, te = next(StratifiedShuffleSplit(1, test_size=0.25, random_state=0).split(X, y))


class MLPMixerish(nn.Module):
    """Rows and columns of the 8x8 image are mixed in turn."""

    def __init__(self):
        super().__init__()
        self.up = nn.Linear(8, 24)
        self.tok = nn.Sequential(nn.LayerNorm(24), nn.Linear(24, 48), nn.GELU(), nn.Linear(48, 24))
        self.row = nn.Sequential(nn.Linear(8, 32), nn.GELU(), nn.Linear(32, 8))
        self.norm = nn.LayerNorm(24)
        self.out = nn.Linear(24 * 8, 10)

    def forward(self, x):
        h = self.up(x.view(-1, 8, 8))
        h = h + self.row(h.transpose(1, 2)).transpose(1, 2)
        h = h + self.tok(h)
        return self.out(self.norm(h).flatten(1))


model = MLPMixerish()
criterion = nn.CrossEntropyLoss(label_smoothing=0.1)
opt = torch.optim.AdamW(model.parameters(), lr=3e-3, weight_decay=0.02)
sch = torch.optim.lr_scheduler.CosineAnnealingLR(opt, 10)
for epoch in range(10):
    model.train()
    for idx in torch.from_numpy(tr)[torch.randperm(len(tr))].split(64):
        loss = criterion(model(X[idx]), y[idx])
        opt.zero_grad()
        loss.backward()
        opt.step()
    sch.step()
    model.eval()
    with torch.no_grad():
        o = model(X[te])
    print(f"Epoch {epoch + 1}: smoothed train loss {loss.item():.4f}, smoothed val loss {criterion(o, y[te]).item():.4f}, val acc {(o.argmax(1) == y[te]).float().mean().item():.4f}")
