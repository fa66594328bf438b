# fault: nonfinite-data
"""Gene panel classifier: log-transformed counts -> tissue type."""
import numpy as np
import torch
import torch.nn as nn

rs = np.random.RandomState(11)
n_genes, n_tissue, n = 40, 4, 1600
base = rs.gamma(2.0, 8.0, size=(n_tissue, n_genes)) + 3
tissue = rs.randint(0, n_tissue, n)
depth = rs.uniform(0.5, 1.5, (n, 1))
counts = rs.negative_binomial(4, 4 / (4 + base[tissue] * depth))

logc = np.log(counts)
train = np.arange(n) < 1200
m = logc[train].mean(0)
s = logc[train].std(0)
feat = (logc - m) / (s + 1e-8)

Xt, Xv = (torch.from_numpy(feat[k]).float() for k in (train, ~train))
Yt, Yv = (torch.from_numpy(tissue[k]).long() for k in (train, ~train))


class PanelNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.enc = nn.Sequential(nn.Linear(n_genes, 32), nn.SiLU(), nn.Dropout(0.2))
        self.cls = nn.Linear(32, n_tissue)

    def forward(self, x):
        return self.cls(self.enc(x))


torch.manual_seed(11)
net = PanelNet()
opt = torch.optim.AdamW(net.parameters(), lr=1e-3, weight_decay=0.05)
ce = nn.CrossEntropyLoss()
for epoch in range(1, 13):
    net.train()
    perm = torch.randperm(len(Xt))
    tot = 0
    for b in perm.chunk(40):
        opt.zero_grad()
        loss = ce(net(Xt[b]), Yt[b])
        loss.backward()
        opt.step()
        tot += loss.item() * len(b)
    net.eval()
    with torch.no_grad():
        z = net(Xv)
        print(f"epoch {epoch:2d} | train {tot/len(Xt):.4f} | val {ce(z, Yv).item():.4f} | val_acc {(z.argmax(1) == Yv).float().mean().item():.4f}")
