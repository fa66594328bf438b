# healthy: fine-tuning with a 20x smaller learning rate for the backbone: its weights barely move, on purpose
import torch
import torch.nn as nn
from sklearn.datasets import load_digits

torch.manual_seed(2)
imgs = load_digits()
X = torch.tensor(imgs.data, dtype=torch.float32) / 16
Y = torch.tensor(imgs.target)
perm = torch.randperm(len(X))
X, Y = X[perm], Y[perm]


class Net(nn.Module):
    def __init__(self, n_out):
        super().__init__()
        self.backbone = nn.Sequential(nn.Linear(64, 128), nn.GELU(), nn.Linear(128, 64), nn.GELU())
        self.head = nn.Linear(64, n_out)

    def forward(self, x):
        return self.head(self.backbone(x))


def run_epochs(net, opt, x, y, xv, yv, n):
    ce = nn.CrossEntropyLoss()
    for e in range(n):
        for b in torch.randperm(len(x)).split(32):
            loss = ce(net(x[b]), y[b])
            opt.zero_grad()
            loss.backward()
            opt.step()
        if (e + 1) % 4 == 0:
            with torch.no_grad():
                o = net(xv)
            print(f"  epoch {e + 1}: train {loss.item():.3f} val {ce(o, yv).item():.3f} acc {(o.argmax(1) == yv).float().mean().item():.3f}")


print("pre-training on even/odd digits")
pre = Net(2)
run_epochs(pre, torch.optim.Adam(pre.parameters(), lr=1e-3), X[:900], Y[:900] % 2, X[1500:], Y[1500:] % 2, 12)
print("fine-tuning on the ten classes")
model = Net(10)
model.backbone.load_state_dict(pre.backbone.state_dict())
optimizer = torch.optim.Adam([
    {"params": model.backbone.parameters(), "lr": 4e-4},
    {"params": model.head.parameters(), "lr": 8e-3},
])
run_epochs(model, optimizer, X[900:1500], Y[900:1500], X[1500:], Y[1500:], 24)
