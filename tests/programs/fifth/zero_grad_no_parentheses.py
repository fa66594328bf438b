# fault: accumulating-gradients
# optimizer.zero_grad is named but not called.
import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import load_digits

torch.manual_seed(7)
d = load_digits()
x = torch.tensor(d.images, dtype=torch.float32).unsqueeze(1) / 16
y = torch.tensor(d.target)
p = torch.randperm(len(x))
x, y = x[p], y[p]
x_train, y_train = x[:1400], y[:1400]
x_val, y_val = x[1400:], y[1400:]


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 12, 3, padding=1)
        self.conv2 = nn.Conv2d(12, 24, 3, padding=1)
        self.fc = nn.Linear(24 * 4, 10)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.conv1(x)), 2)
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        return self.fc(x.flatten(1))


net = Net()
optimizer = torch.optim.SGD(net.parameters(), lr=0.05)
batch = 35
for epoch in range(25):
    order = torch.randperm(1400)
    losses = []
    for k in range(0, 1400, batch):
        b = order[k : k + batch]
        optimizer.zero_grad
        loss = F.cross_entropy(net(x_train[b]), y_train[b])
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    with torch.no_grad():
        out = net(x_val)
        print(epoch, "train", sum(losses) / len(losses), "val", F.cross_entropy(out, y_val).item(), "acc", (out.argmax(1) == y_val).float().mean().item())
