# healthy
import torch
import torch.nn as nn
import torch.optim as optim
from torch.optim.lr_scheduler import StepLR
from torch.utils.data import TensorDataset, DataLoader
from sklearn.datasets import load_digits

torch.manual_seed(1)
digits = load_digits()
perm = torch.randperm(len(digits.images))
images = torch.tensor(digits.images, dtype=torch.float32)[perm].unsqueeze(1)
images = (images - 4.88) / 6.02
labels = torch.tensor(digits.target)[perm]
train_loader = DataLoader(TensorDataset(images[:1400], labels[:1400]), batch_size=20, shuffle=True)
test_loader = DataLoader(TensorDataset(images[1400:], labels[1400:]), batch_size=100)


class Net(nn.Module):
    def __init__(self):
        super(Net, self).__init__()
        self.conv1 = nn.Conv2d(1, 16, 3, 1)
        self.dropout = nn.Dropout(0.25)
        self.fc1 = nn.Linear(16 * 9, 64)
        self.fc2 = nn.Linear(64, 10)

    def forward(self, x):
        x = torch.relu(self.conv1(x))
        x = torch.max_pool2d(x, 2)
        x = torch.flatten(x, 1)
        x = torch.relu(self.fc1(self.dropout(x)))
        return torch.log_softmax(self.fc2(x), dim=1)


def train(model, loader, optimizer, scheduler, epoch):
    model.train()
    total = 0
    for data, target in loader:
        optimizer.zero_grad()
        output = model(data)
        loss = nn.functional.nll_loss(output, target)
        loss.backward()
        optimizer.step()
        total += loss.item()
    print('Train Epoch: {} \tLoss: {:.6f}'.format(epoch, total / len(loader)))


def test(model, loader):
    model.eval()
    test_loss, correct = 0, 0
    with torch.no_grad():
        for data, target in loader:
            output = model(data)
            test_loss += nn.functional.nll_loss(output, target, reduction='sum').item()
            correct += output.argmax(1).eq(target).sum().item()
    n = len(loader.dataset)
    print('Test set: Average loss: {:.4f}, Accuracy: {}/{} ({:.1f}%)'.format(test_loss / n, correct, n, 100. * correct / n))


model = Net()
optimizer = optim.SGD(model.parameters(), lr=0.05, momentum=0.5)
scheduler = StepLR(optimizer, step_size=5, gamma=0.6)
for epoch in range(1, 11):
    train(model, train_loader, optimizer, scheduler, epoch)
    test(model, test_loader)
    scheduler.step()
