# fault: train-mode-evaluation
from __future__ import division
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, TensorDataset
from mnist1d.data import make_dataset, get_dataset_args


class Net(nn.Module):
    def __init__(self):
        super(Net, self).__init__()
        self.conv1 = nn.Conv1d(1, 32, 5, padding=2)
        self.conv2 = nn.Conv1d(32, 48, 3, padding=1)
        self.fc1 = nn.Linear(480, 64)
        self.fc2 = nn.Linear(64, 10)
        self.drop = nn.Dropout(0.5)

    def forward(self, x):
        x = F.max_pool1d(F.relu(self.conv1(x)), 2)
        x = F.max_pool1d(F.relu(self.conv2(x)), 2)
        x = self.drop(x.flatten(1))
        x = self.drop(F.relu(self.fc1(x)))
        return self.fc2(x)


def train(model, device, train_loader, optimizer, scheduler):
    model.train()
    total = 0
    for data, target in train_loader:
        shift = int(torch.randint(-3, 4, (1,)))
        data, target = data.to(device).roll(shift, -1), target.to(device)
        optimizer.zero_grad()
        loss = F.cross_entropy(model(data), target)
        loss.backward()
        optimizer.step()
        scheduler.step()
        total += loss.item()
    return total / len(train_loader)


def test(model, device, test_loader):
    loss = correct = 0
    with torch.no_grad():
        for data, target in test_loader:
            output = model(data.to(device))
            loss += F.cross_entropy(output, target.to(device), reduction='sum').item()
            correct += (output.argmax(1) == target.to(device)).sum().item()
    n = len(test_loader.dataset)
    return loss / n, correct / n


if __name__ == '__main__':
    torch.manual_seed(0)
    device = torch.device('cuda' if torch.cuda.is_available() else 'cpu')
    args = get_dataset_args()
    args.num_samples = 5000
    d = make_dataset(args)
    m, s = d['x'].mean(), d['x'].std()
    tens = lambda x, y: TensorDataset(torch.tensor((x - m) / s, dtype=torch.float32).unsqueeze(1), torch.tensor(y))
    train_loader = DataLoader(tens(d['x'], d['y']), batch_size=64, shuffle=True)
    test_loader = DataLoader(tens(d['x_test'], d['y_test']), batch_size=500)
    model = Net().to(device)
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3, weight_decay=1e-2)
    epochs = 14
    scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, 4e-3, epochs=epochs, steps_per_epoch=len(train_loader))
    for epoch in range(1, epochs + 1):
        tl = train(model, device, train_loader, optimizer, scheduler)
        print('epoch {} train loss {:.4f}, test loss {:.4f}, test accuracy {:.3f}'.format(epoch, tl, *test(model, device, test_loader)))
