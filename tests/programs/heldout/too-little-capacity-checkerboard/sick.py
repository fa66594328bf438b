# fault: too-little-capacity
import torch
import torch.nn as nn

torch.manual_seed(4)


def board(n):
    xy = torch.rand(n, 2) * 4
    colour = ((xy[:, 0].floor() + xy[:, 1].floor()) % 2).long()
    return (xy - 2) / 1.155, colour


x_train, y_train = board(4000)
x_val, y_val = board(800)


class Net(nn.Module):
    def __init__(self, hidden):
        super(Net, self).__init__()
        self.fc1 = nn.Linear(2, hidden)
        self.fc2 = nn.Linear(hidden, hidden)
        self.fc3 = nn.Linear(hidden, 2)

    def forward(self, x):
        x = torch.relu(self.fc1(x))
        x = torch.relu(self.fc2(x))
        return self.fc3(x)


net = Net(hidden=3)
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.Adam(net.parameters(), lr=5e-3)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 30)
for epoch in range(30):
    total = 0.0
    for i in torch.randperm(4000).split(80):
        optimizer.zero_grad()
        loss = criterion(net(x_train[i]), y_train[i])
        loss.backward()
        optimizer.step()
        total += loss.item() / 50
    scheduler.step()
    with torch.no_grad():
        out = net(x_val)
    if epoch % 3 == 2:
        print('epoch', epoch + 1, 'loss', round(total, 4), 'val loss', round(criterion(out, y_val).item(), 4),
              'val acc', round((out.argmax(1) == y_val).float().mean().item(), 4))
