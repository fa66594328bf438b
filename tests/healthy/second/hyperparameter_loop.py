# healthy
"""Small grid over optimizers; every run is decent, the best one is reported."""
import torch
import torch.nn as nn
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

d = load_digits()
Xa, Xb, ya, yb = train_test_split(d.data / 16.0, d.target, test_size=400, stratify=d.target, random_state=7)
Xa, Xb = torch.tensor(Xa, dtype=torch.float32), torch.tensor(Xb, dtype=torch.float32)
ya, yb = torch.tensor(ya), torch.tensor(yb)
grid = {
    "adam": lambda p: torch.optim.Adam(p, lr=6e-3, weight_decay=1e-4),
    "sgd": lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9, weight_decay=1e-3),
    "rmsprop": lambda p: torch.optim.RMSprop(p, lr=4e-3, weight_decay=1e-4),
    "adagrad": lambda p: torch.optim.Adagrad(p, lr=0.06),
    "nadam": lambda p: torch.optim.NAdam(p, lr=6e-3, weight_decay=1e-4),
}
results = {}
for name, make in grid.items():
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Dropout(0.2), nn.Linear(64, 10))
    opt = make(net.parameters())
    sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, 24)
    curve = []
    for epoch in range(24):
        net.train()
        for i in torch.randperm(len(Xa)).split(32):
            opt.zero_grad()
            loss = nn.functional.cross_entropy(net(Xa[i]), ya[i])
            loss.backward()
            opt.step()
        sched.step()
        net.eval()
        with torch.no_grad():
            o = net(Xb)
            curve.append(nn.functional.cross_entropy(o, yb).item())
    acc = (o.argmax(1) == yb).float().mean().item()
    results[name] = acc
    print(name, "val loss", [round(c, 3) for c in curve[::4] + curve[-1:]], "acc", round(acc, 4))
print("best:", max(results, key=results.get))
