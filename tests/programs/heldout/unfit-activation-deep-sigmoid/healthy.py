# healthy
import torch
import torch.nn as nn
from sklearn.datasets import load_digits
from sklearn.preprocessing import StandardScaler

torch.manual_seed(0)
data, target = load_digits(return_X_y=True)
perm = torch.randperm(len(target)).numpy()
data, target = data[perm], target[perm]
mean, std = data[:1437].mean(), data[:1437].std()
X = torch.tensor((data - mean) / std, dtype=torch.float32)
y = torch.tensor(target)

layers = []
n_in = 64
for n_out in [64, 64, 64, 64, 64, 64]:
    layers += [nn.Linear(n_in, n_out), nn.ReLU()]
    n_in = n_out
layers += [nn.Linear(n_in, 10)]
model = nn.Sequential(*layers)
print(model)

criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, weight_decay=1e-4)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 14)
for epoch in range(14):
    total = 0
    for i in torch.randperm(1437).split(32):
        optimizer.zero_grad()
        loss = criterion(model(X[i]), y[i])
        loss.backward()
        optimizer.step()
        total += loss.item() * len(i)
    scheduler.step()
    with torch.no_grad():
        pred = model(X[1437:])
        val_loss = criterion(pred, y[1437:])
        acc = (pred.argmax(1) == y[1437:]).float().mean()
    print('Epoch %d, loss = %.4f, val_loss = %.4f, val_acc = %.4f' % (epoch + 1, total / 1437, val_loss, acc))
