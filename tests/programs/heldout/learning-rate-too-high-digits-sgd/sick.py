# fault: learning-rate-too-high
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

torch.manual_seed(1)
digits = load_digits()
X_tr, X_te, y_tr, y_te = train_test_split(digits.images[:, None].astype(np.float32), digits.target, test_size=360, random_state=1)
mu, sd = X_tr.mean(), X_tr.std()
X_tr, X_te = torch.tensor((X_tr - mu) / sd), torch.tensor((X_te - mu) / sd)
y_tr, y_te = torch.tensor(y_tr), torch.tensor(y_te)


class LeNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 10, kernel_size=3)
        self.conv2 = nn.Conv2d(10, 20, kernel_size=3)
        self.drop = nn.Dropout(0.2)
        self.fc1 = nn.Linear(80, 50)
        self.fc2 = nn.Linear(50, 10)

    def forward(self, x):
        x = F.relu(self.conv1(x))
        x = F.relu(F.max_pool2d(self.conv2(x), 2))
        x = x.view(-1, 80)
        x = self.drop(F.relu(self.fc1(x)))
        return self.fc2(x)


network = LeNet()
optimizer = torch.optim.SGD(network.parameters(), lr=0.3, momentum=0.9)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 15)
train_losses, test_losses = [], []
for epoch in range(1, 16):
    network.train()
    for batch_idx, idx in enumerate(torch.randperm(len(X_tr)).split(32)):
        optimizer.zero_grad()
        loss = F.cross_entropy(network(X_tr[idx]), y_tr[idx])
        loss.backward()
        optimizer.step()
        train_losses.append(loss.item())
    scheduler.step()
    network.eval()
    with torch.no_grad():
        output = network(X_te)
        test_losses.append(F.cross_entropy(output, y_te).item())
        correct = output.argmax(1).eq(y_te).sum().item()
    print('Epoch {} train loss {:.4f} | Test set: Avg. loss: {:.4f}, Accuracy: {}/{} ({:.0f}%)'.format(
        epoch, np.mean(train_losses[-45:]), test_losses[-1], correct, len(y_te), 100. * correct / len(y_te)))
