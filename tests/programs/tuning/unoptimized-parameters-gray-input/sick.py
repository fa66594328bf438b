# fault: unoptimized-parameters
import torch
import torch.nn as nn
import torch.nn.functional as F


class ShapeNet(nn.Module):
    """Made for three colour channels and 10 classes."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 12, 3, padding=1)
        self.conv2 = nn.Conv2d(12, 16, 3, padding=1)
        self.fc1 = nn.Linear(16 * 9, 32)
        self.fc2 = nn.Linear(32, 10)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.conv1(x)), 2)
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        x = F.relu(self.fc1(x.flatten(1)))
        return self.fc2(x)


def shapes(n):
    """crosses, squares, diagonals and discs on a 12x12 canvas"""
    kind = torch.randint(0, 4, (n,))
    cy, cx = torch.randint(4, 8, (n, 1, 1)), torch.randint(4, 8, (n, 1, 1))
    y, x = torch.arange(12).view(1, 12, 1) - cy, torch.arange(12).view(1, 1, 12) - cx
    near = (y.abs() <= 3) & (x.abs() <= 3)
    drawn = torch.stack([
        near & ((y == 0) | (x == 0)),
        near & ((y.abs() == 3) | (x.abs() == 3)),
        near & (y == x),
        (y ** 2 + x ** 2) <= 7,
    ])
    img = drawn[kind, torch.arange(n)].float() + 0.35 * torch.randn(n, 12, 12)
    return ((img - 0.12) / 0.47).unsqueeze(1), kind


torch.manual_seed(6)
train_x, train_y = shapes(1500)
test_x, test_y = shapes(400)

net = ShapeNet()
optimizer = torch.optim.SGD(net.parameters(), lr=0.01, momentum=0.9)
# adapt to our gray images and four classes
net.conv1 = nn.Conv2d(1, 12, 3, padding=1)
net.fc1 = nn.Linear(16 * 9, 24)
net.fc2 = nn.Linear(24, 4)

for epoch in range(8):
    net.train()
    loss_sum = 0.
    for idx in torch.randperm(1500).chunk(50):
        out = net(train_x[idx])
        loss = F.cross_entropy(out, train_y[idx])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        loss_sum += loss.item()
    net.eval()
    with torch.no_grad():
        out = net(test_x)
        print(f'Epoch {epoch}: train loss {loss_sum / 50:.3f}, test loss {F.cross_entropy(out, test_y):.3f}, '
              f'test acc {(out.argmax(1) == test_y).float().mean():.3f}')
