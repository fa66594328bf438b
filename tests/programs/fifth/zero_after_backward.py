# fault: no-optimizer-step
# The gradients are cleared between backward and step, so that step has nothing to apply.
import torch
import torch.nn as nn
from sklearn.datasets import load_wine
from sklearn.preprocessing import scale

torch.manual_seed(0)
X, y = load_wine(return_X_y=True)
X = torch.tensor(scale(X), dtype=torch.float32)
y = torch.tensor(y)
perm = torch.randperm(178)
train, test = perm[:130], perm[130:]
model = nn.Sequential(nn.Linear(13, 24), nn.ReLU(), nn.Linear(24, 3))
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
for epoch in range(30):
    for i in train[torch.randperm(130)].split(26):
        output = model(X[i])
        loss = criterion(output, y[i])
        loss.backward()
        optimizer.zero_grad()
        optimizer.step()
    with torch.no_grad():
        out = model(X[test])
        print("Epoch", epoch, "Loss", loss.item(), "Test acc", (out.argmax(1) == y[test]).float().mean().item())
