# fault: unstable-optimizer-setting
# th> trainer, python edition
import torch
from torch import nn, optim
from sklearn.datasets import make_classification

torch.manual_seed(1998)
x, y = make_classification(n_samples=2400, n_features=12, n_informative=8, n_redundant=0, n_classes=4,
                           n_clusters_per_class=1, class_sep=1.4, flip_y=0.02, random_state=1998)
x = torch.tensor((x - x[:2000].mean(0)) / x[:2000].std(0), dtype=torch.float32)
y = torch.tensor(y)
trsize, tesize = 2000, 400

model = nn.Sequential(nn.Linear(12, 40), nn.Tanh(), nn.Linear(40, 4), nn.LogSoftmax(dim=1))
criterion = nn.NLLLoss()
optimState = dict(lr=0.05, momentum=0.9995, weight_decay=2e-3)
sgd = optim.SGD(model.parameters(), **optimState)

for epoch in range(1, 16):
    shuffle = torch.randperm(trsize)
    f = 0
    for t in range(0, trsize, 40):
        inputs, targets = x[shuffle[t:t + 40]], y[shuffle[t:t + 40]]
        sgd.zero_grad()
        err = criterion(model(inputs), targets)
        f += err.item()
        err.backward()
        sgd.step()
    with torch.no_grad():
        out = model(x[trsize:])
        te = criterion(out, y[trsize:]).item()
        conf = (out.argmax(1) == y[trsize:]).float().mean().item()
    print('==> epoch %d  average loss %.4f  test loss %.4f  mean class accuracy %.2f%%' % (epoch, f / 50, te, 100 * conf))
