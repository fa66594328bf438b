# healthy
import torch
import torch.nn as nn
from torch.utils.data import TensorDataset, DataLoader, random_split
from sklearn.datasets import load_digits

torch.manual_seed(2)
digits = load_digits()
inputs = torch.tensor(digits.images, dtype=torch.float32).unsqueeze(1)
inputs = (inputs - 4.88) / 6.02
targets = torch.tensor(digits.target)
dataset = TensorDataset(inputs, targets)
train_set, test_set = random_split(dataset, [1400, len(dataset) - 1400])
train_loader = DataLoader(train_set, batch_size=50, shuffle=True)
test_loader = DataLoader(test_set, batch_size=200)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 8, 3, padding=1)
        self.conv2 = nn.Conv2d(8, 16, 3, padding=1)
        self.pool = nn.MaxPool2d(2)
        self.relu = nn.ReLU()
        self.fc1 = nn.Linear(64, 32)
        self.fc2 = nn.Linear(32, 10)

    def forward(self, x):
        x = self.pool(self.relu(self.conv1(x)))
        x = self.pool(self.relu(self.conv2(x)))
        x = self.relu(self.fc1(x.flatten(1)))
        return self.fc2(x)


net = Net()
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.Adam(net.parameters(), lr=2e-3, weight_decay=1e-4)

for epoch in range(11):
    net.train()
    running_loss = 0.0
    for x, label in train_loader:
        optimizer.zero_grad()
        outputs = net(x)
        loss = criterion(outputs, label)
        loss.backward()
        optimizer.step()
        running_loss += loss.item()
    net.eval()
    hits, test_loss = 0, 0.0
    with torch.no_grad():
        for x, label in test_loader:
            outputs = net(x)
            test_loss += criterion(outputs, label).item()
            hits += (outputs.argmax(1) == label).sum().item()
    print('[%d] loss: %.3f test loss: %.3f accuracy: %.3f' % (
        epoch + 1, running_loss / len(train_loader), test_loss / len(test_loader), hits / len(test_set)))
