# healthy
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
import torch.optim as optim

# XOR-like checkerboard with 4x4 cells
np.random.seed(0); torch.manual_seed(0)
pts = np.random.uniform(-2, 2, (6000, 2)).astype(np.float32)
lab = ((np.floor(pts[:, 0]) + np.floor(pts[:, 1])) % 2).astype(np.int64)
pts = torch.from_numpy(pts) / 1.155; lab = torch.from_numpy(lab)
trainset = torch.utils.data.TensorDataset(pts[:5000], lab[:5000])
testset = torch.utils.data.TensorDataset(pts[5000:], lab[5000:])
trainloader = torch.utils.data.DataLoader(trainset, batch_size=50, shuffle=True)
testloader = torch.utils.data.DataLoader(testset, batch_size=500, shuffle=False)

class Net(nn.Module):
    def __init__(self):
        super(Net, self).__init__()
        self.fc1 = nn.Linear(2, 64)
        self.fc2 = nn.Linear(64, 64)
        self.fc3 = nn.Linear(64, 2)

    def forward(self, x):
        x = self.fc1(x)
        x = F.relu(x)
        x = self.fc2(x)
        x = F.relu(x)
        x = self.fc3(x)
        return x

net = Net()
criterion = nn.CrossEntropyLoss()
optimizer = optim.Adam(net.parameters(), lr=0.005)
sched = optim.lr_scheduler.CosineAnnealingLR(optimizer, 30)
for epoch in range(30):  # loop over the dataset multiple times
    running_loss = 0.0
    net.train()
    for i, data in enumerate(trainloader, 0):
        inputs, labels = data
        optimizer.zero_grad()
        outputs = net(inputs)
        loss = criterion(outputs, labels)
        loss.backward()
        optimizer.step()
        running_loss += loss.item()
    sched.step()
    if epoch % 5 == 4:
        net.eval()
        correct = total = 0
        tl = 0
        with torch.no_grad():
            for inputs, labels in testloader:
                outputs = net(inputs)
                tl += criterion(outputs, labels).item() / len(testloader)
                _, predicted = torch.max(outputs.data, 1)
                total += labels.size(0)
                correct += (predicted == labels).sum().item()
        print('[%d] loss: %.3f test loss: %.3f accuracy: %d %%' % (epoch + 1, running_loss / len(trainloader), tl, 100 * correct / total))
print('Finished Training')
