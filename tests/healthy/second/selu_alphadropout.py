# healthy
# Self-normalising network: LeCun init, SELU, AlphaDropout; 6 layers deep, no batch norm
import torch, torch.nn as nn
from sklearn.datasets import make_classification
from sklearn.preprocessing import StandardScaler
torch.manual_seed(0)
X, y = make_classification(6000, 24, n_informative=12, n_redundant=4, n_classes=3, n_clusters_per_class=2, class_sep=1.6, flip_y=0.01, random_state=12)
X = torch.tensor(StandardScaler().fit_transform(X), dtype=torch.float32); y = torch.tensor(y)
layers, d = [], 24
for _ in range(6):
    layers += [nn.Linear(d, 48), nn.SELU(), nn.AlphaDropout(0.05)]; d = 48
net = nn.Sequential(*layers, nn.Linear(d, 3))
for m in net:
    if isinstance(m, nn.Linear):
        nn.init.kaiming_normal_(m.weight, nonlinearity="linear"); nn.init.zeros_(m.bias)
opt = torch.optim.SGD(net.parameters(), lr=0.02, momentum=0.9, weight_decay=1e-3)
sch = torch.optim.lr_scheduler.MultiStepLR(opt, [10, 14], 0.2)
for ep in range(17):
    net.train(); s = 0
    for i in torch.randperm(4800).split(64):
        loss = nn.functional.cross_entropy(net(X[i]), y[i])
        opt.zero_grad(); loss.backward(); opt.step(); s += loss.item() / 75
    sch.step(); net.eval()
    with torch.no_grad():
        o = net(X[4800:])
        print(f"{ep} train {s:.3f} val {nn.functional.cross_entropy(o, y[4800:]).item():.3f} acc {(o.argmax(1) == y[4800:]).float().mean().item():.3f}")
