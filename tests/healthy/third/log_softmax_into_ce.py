# healthy
# log_softmax followed by CrossEntropyLoss: redundant, but log_softmax is idempotent
import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import load_digits

torch.manual_seed(19)


class Net(nn.Module):
    def __init__(self):
        super(Net, self).__init__()
        self.conv1 = nn.Conv2d(1, 10, kernel_size=3)
        self.conv2 = nn.Conv2d(10, 20, kernel_size=3)
        self.conv2_drop = nn.Dropout2d(0.2)
        self.fc1 = nn.Linear(320, 50)
        self.fc2 = nn.Linear(50, 10)

    def forward(self, x):
        x = F.relu(self.conv1(x))
        x = F.relu(self.conv2_drop(self.conv2(x)))
        x = x.view(-1, 320)
        x = F.relu(self.fc1(x))
        return F.log_softmax(self.fc2(x), dim=1)


d = load_digits()
x, y = torch.tensor(d.images).float().unsqueeze(1) / 16, torch.tensor(d.target)
p = torch.randperm(len(x)); x, y = x[p], y[p]
network = Net()
optimizer = torch.optim.SGD(network.parameters(), lr=0.05, momentum=0.9)
crit = nn.CrossEntropyLoss()
for epoch in range(8):
    network.train()
    for batch in torch.randperm(1400).split(64):
        optimizer.zero_grad()
        loss = crit(network(x[batch]), y[batch])
        loss.backward()
        optimizer.step()
    network.eval()
    with torch.no_grad():
        out = network(x[1400:])
    print(f"epoch {epoch} test loss {crit(out, y[1400:]).item():.4f} acc {(out.argmax(1) == y[1400:]).float().mean().item():.4f}")
