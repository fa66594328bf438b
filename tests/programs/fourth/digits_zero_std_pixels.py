# fault: nonfinite-data or constant-features
# normalise each pixel by its own std -- border pixels are always zero
import torch
from sklearn.datasets import load_digits
from torch import nn, optim

data = load_digits()
X = torch.tensor(data.data).float()
Y = torch.tensor(data.target)
g = torch.Generator().manual_seed(3)
idx = torch.randperm(len(X), generator=g)
tr, te = idx[:1400], idx[1400:]
mu, sd = X[tr].mean(0), X[tr].std(0)
X = (X - mu) / sd
torch.manual_seed(3)
model = nn.Sequential(nn.Linear(64, 100), nn.Tanh(), nn.Linear(100, 10))
criterion = nn.CrossEntropyLoss()
optimizer = optim.SGD(model.parameters(), lr=0.05, momentum=0.9)

def accuracy(ix):
    with torch.no_grad():
        return (model(X[ix]).argmax(-1) == Y[ix]).float().mean().item()

for epoch in range(12):
    for b in tr[torch.randperm(len(tr))].split(32):
        optimizer.zero_grad()
        loss = criterion(model(X[b]), Y[b])
        loss.backward()
        optimizer.step()
    print(f"{epoch}: loss={loss.item():.3f} train acc={accuracy(tr):.3f} test acc={accuracy(te):.3f}")
