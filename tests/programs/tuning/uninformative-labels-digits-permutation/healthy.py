# healthy
import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import load_digits

torch.manual_seed(21)

data = load_digits()
images = torch.tensor(data.data / 16.0, dtype=torch.float32)
images = (images - images.mean()) / images.std()
targets = torch.tensor(data.target)

# mix everything before splitting
mix = torch.randperm(len(images))
images = images[mix]
targets = targets[mix]

split = 1300
Xtr, Xte = images[:split], images[split:]
ytr, yte = targets[:split], targets[split:]


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(64, 40)
        self.drop = nn.Dropout(0.2)
        self.fc2 = nn.Linear(40, 10)

    def forward(self, x):
        x = F.relu(self.fc1(x))
        x = self.drop(x)
        return F.log_softmax(self.fc2(x), dim=1)


net = Net()
optimizer = torch.optim.AdamW(net.parameters(), lr=2e-3)

for epoch in range(20):
    net.train()
    for batch in torch.randperm(split).split(65):
        optimizer.zero_grad()
        loss = F.nll_loss(net(Xtr[batch]), ytr[batch])
        loss.backward()
        optimizer.step()
    net.eval()
    with torch.no_grad():
        a = (net(Xtr).argmax(1) == ytr).float().mean().item()
        b = (net(Xte).argmax(1) == yte).float().mean().item()
        vl = F.nll_loss(net(Xte), yte).item()
    print(f"{epoch:2d}  train acc {a:.3f}  test acc {b:.3f} test loss {vl:.3f}")
