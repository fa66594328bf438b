# healthy
import torch
from torch import nn, optim
from torch.optim import lr_scheduler
from torch.utils.data import DataLoader, TensorDataset
from sklearn.datasets import make_classification

torch.manual_seed(1)
X, y = make_classification(n_samples=2500, n_features=16, n_informative=8, n_classes=3, n_clusters_per_class=1,
                           class_sep=1.5, random_state=1)
X = (X - X[:2000].mean(0)) / X[:2000].std(0)
X, y = torch.tensor(X, dtype=torch.float32), torch.tensor(y)
trainloader = DataLoader(TensorDataset(X[:2000], y[:2000]), batch_size=50, shuffle=True)
testloader = DataLoader(TensorDataset(X[2000:], y[2000:]), batch_size=100)

net = nn.Sequential(nn.Linear(16, 48), nn.ReLU(), nn.Dropout(0.1), nn.Linear(48, 3))
criterion = nn.CrossEntropyLoss()
optimizer = optim.SGD(net.parameters(), lr=0.05, momentum=0.9, weight_decay=1e-4)
scheduler = lr_scheduler.StepLR(optimizer, step_size=10, gamma=0.2)

for epoch in range(25):  # loop over the dataset multiple times
    net.train()
    running_loss = 0.0
    for i, data in enumerate(trainloader, 0):
        # get the inputs; data is a list of [inputs, labels]
        inputs, labels = data
        # zero the parameter gradients
        optimizer.zero_grad()
        # forward + backward + optimize
        outputs = net(inputs)
        loss = criterion(outputs, labels)
        loss.backward()
        optimizer.step()
        # print statistics
        running_loss += loss.item()
    scheduler.step()
    correct, total, test_loss = 0, 0, 0.0
    net.eval()
    with torch.no_grad():
        for data in testloader:
            inputs, labels = data
            outputs = net(inputs)
            test_loss += criterion(outputs, labels).item()
            correct += (outputs.argmax(1) == labels).sum().item()
            total += labels.size(0)
    if epoch % 2 == 0:
        print(f'[{epoch + 1}] loss: {running_loss / len(trainloader):.3f} test loss: {test_loss / len(testloader):.3f} accuracy: {100 * correct / total:.1f} %')
print('Finished Training')
