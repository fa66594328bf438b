# healthy: ten-layer tanh net with orthogonal initialisation: deep and saturating in name, trains fine
import torch
import torch.nn as nn
from sklearn.datasets import make_classification

torch.manual_seed(0)
X, y = make_classification(5000, 20, n_informative=10, n_redundant=0, n_classes=3, n_clusters_per_class=1, class_sep=1.6, flip_y=0, random_state=5)
X = torch.tensor((X - X.mean(0)) / X.std(0)).float()
y = torch.tensor(y)
layers = [nn.Linear(20, 48), nn.Tanh()]
for _ in range(8):
    layers += [nn.Linear(48, 48), nn.Tanh()]
net = nn.Sequential(*layers, nn.Linear(48, 3))
for m in net.modules():
    if isinstance(m, nn.Linear):
        nn.init.orthogonal_(m.weight, gain=1.1)
        nn.init.zeros_(m.bias)
opt = torch.optim.SGD(net.parameters(), lr=0.01, momentum=0.9, weight_decay=1e-3)
sched = torch.optim.lr_scheduler.MultiStepLR(opt, [3, 5], gamma=0.3)
ce = nn.CrossEntropyLoss()
for epoch in range(7):
    for b in torch.randperm(4000).split(64):
        opt.zero_grad()
        loss = ce(net(X[b]), y[b])
        loss.backward()
        opt.step()
    sched.step()
    with torch.no_grad():
        o = net(X[4000:])
    print("epoch", epoch, "train %.4f" % loss.item(), "val %.4f" % ce(o, y[4000:]).item(), "acc %.4f" % (o.argmax(1) == y[4000:]).float().mean().item())
