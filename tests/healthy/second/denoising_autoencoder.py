# healthy
# Denoising autoencoder on digits, sigmoid outputs against [0,1] pixels with MSE.
import torch, torch.nn as nn
from sklearn.datasets import load_digits
torch.manual_seed(0)
X = torch.tensor(load_digits().data, dtype=torch.float32) / 16
X = X[torch.randperm(len(X))]
train, test = X[:1400], X[1400:]
g = torch.Generator().manual_seed(99)
test_noisy = (test + 0.3 * torch.randn(test.shape, generator=g)).clamp(0, 1)

enc = nn.Sequential(nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 24))
dec = nn.Sequential(nn.Linear(24, 128), nn.ReLU(), nn.Linear(128, 64), nn.Sigmoid())
ae = nn.Sequential(enc, dec)
opt = torch.optim.Adam(ae.parameters(), lr=3e-3)
sch = torch.optim.lr_scheduler.CosineAnnealingLR(opt, 70)
for epoch in range(70):
    ae.train()
    perm = torch.randperm(1400)
    s = 0
    for b in perm.split(50):
        clean = train[b]
        noisy = (clean + 0.3 * torch.randn_like(clean)).clamp(0, 1)
        loss = ((ae(noisy) - clean) ** 2).mean()
        opt.zero_grad(); loss.backward(); opt.step()
        s += loss.item() / 28
    sch.step()
    if epoch % 5 == 4:
        ae.eval()
        with torch.no_grad():
            v = ((ae(test_noisy) - test) ** 2).mean().item()
        print(f"{epoch+1} train mse {s:.5f} test mse {v:.5f} (noisy input itself {((test_noisy-test)**2).mean().item():.5f})")
