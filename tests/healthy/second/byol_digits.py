# healthy
# BYOL: online net chases an EMA target; the target branch gets no gradient on purpose.
import copy, torch, torch.nn as nn, torch.nn.functional as F
from sklearn.datasets import load_digits
torch.manual_seed(0)
d = load_digits()
X = torch.tensor(d.images, dtype=torch.float32)[:, None] / 16
y = torch.tensor(d.target)
p = torch.randperm(len(y)); X, y = X[p], y[p]
Xtr, ytr, Xte, yte = X[:1400], y[:1400], X[1400:], y[1400:]

def view(x):
    x = torch.roll(x, (int(torch.randint(-1, 2, ())), int(torch.randint(-1, 2, ()))), (2, 3))
    x = x * (0.8 + 0.4 * torch.rand(len(x), 1, 1, 1))
    return x + 0.1 * torch.randn_like(x)

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.enc = nn.Sequential(nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.Flatten(), nn.Linear(512, 64))
        self.proj = nn.Sequential(nn.Linear(64, 64, bias=False), nn.BatchNorm1d(64), nn.ReLU(), nn.Linear(64, 32))
    def forward(self, x):
        return self.proj(self.enc(x))

online = Net()
target = copy.deepcopy(online)
for q in target.parameters(): q.requires_grad = False
predictor = nn.Sequential(nn.Linear(32, 64, bias=False), nn.BatchNorm1d(64), nn.ReLU(), nn.Linear(64, 32))
opt = torch.optim.AdamW(list(online.parameters()) + list(predictor.parameters()), lr=2e-3, weight_decay=1e-4)

def loss_fn(p, z):
    return 2 - 2 * F.cosine_similarity(p, z.detach(), dim=-1).mean()

step, total_steps, tau0 = 0, 25 * 21, 0.98
for epoch in range(25):
    online.train(); predictor.train()
    tot = 0
    for b in torch.randperm(1400)[:1344].split(64):
        v1, v2 = view(Xtr[b]), view(Xtr[b])
        with torch.no_grad():
            t1, t2 = target(v1), target(v2)
        loss = loss_fn(predictor(online(v1)), t2) + loss_fn(predictor(online(v2)), t1)
        opt.zero_grad(); loss.backward(); opt.step()
        with torch.no_grad():
            for a, c in zip(online.parameters(), target.parameters()):
                c.mul_(tau0).add_(a, alpha=1 - tau0)
        tot += loss.item() / 21
    if epoch % 3 == 2 or epoch == 24:
        online.eval()
        with torch.no_grad():
            f, g = F.normalize(online.enc(Xtr), dim=1), F.normalize(online.enc(Xte), dim=1)
            sim, idx = (g @ f.T).topk(5, 1)
            acc = (ytr[idx].mode(1).values == yte).float().mean().item()
        print(f"epoch {epoch+1} byol loss {tot:.4f} 5-NN acc {acc:.3f} feature std {f.std(0).mean().item():.3f}")
