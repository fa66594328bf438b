# fault: double-softmax
from mnist1d.data import make_dataset, get_dataset_args
import torch
import torch.nn as nn
import torch.optim as optim

args = get_dataset_args()
args.num_samples = 2500
data = make_dataset(args)
torch.manual_seed(42)

x_train = torch.tensor(data['x'], dtype=torch.float32).unsqueeze(1)
y_train = torch.tensor(data['y'], dtype=torch.long)
x_test = torch.tensor(data['x_test'], dtype=torch.float32).unsqueeze(1)
y_test = torch.tensor(data['y_test'], dtype=torch.long)
m, s = x_train.mean(), x_train.std()
x_train, x_test = (x_train - m) / s, (x_test - m) / s


class ConvNet(nn.Module):
    def __init__(self, num_classes=10):
        super(ConvNet, self).__init__()
        self.layer1 = nn.Sequential(nn.Conv1d(1, 24, kernel_size=5, padding=2, stride=2), nn.BatchNorm1d(24), nn.ReLU())
        self.layer2 = nn.Sequential(nn.Conv1d(24, 24, kernel_size=3, padding=1, stride=2), nn.BatchNorm1d(24), nn.ReLU())
        self.layer3 = nn.Sequential(nn.Conv1d(24, 24, kernel_size=3, padding=1), nn.BatchNorm1d(24), nn.ReLU())
        self.drop = nn.Dropout(0.2)
        self.fc = nn.Linear(240, num_classes)
        self.softmax = nn.Softmax(dim=1)

    def forward(self, x):
        out = self.layer3(self.layer2(self.layer1(x)))
        out = out.reshape(out.size(0), -1)
        return self.softmax(self.fc(self.drop(out)))


model = ConvNet()
criterion = nn.CrossEntropyLoss()
optimizer = optim.Adam(model.parameters(), lr=4e-3, weight_decay=1e-3)
num_epochs = 20
scheduler = optim.lr_scheduler.CosineAnnealingLR(optimizer, num_epochs)

for epoch in range(num_epochs):
    model.train()
    perm = torch.randperm(len(x_train))
    avg = 0.0
    for i in range(0, len(perm), 100):
        series, labels = x_train[perm[i:i + 100]], y_train[perm[i:i + 100]]
        outputs = model(series)
        loss = criterion(outputs, labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        avg += loss.item() * len(labels) / len(perm)
    scheduler.step()
    model.eval()
    with torch.no_grad():
        outputs = model(x_test)
        predicted = outputs.argmax(1)
        acc = 100 * (predicted == y_test).float().mean()
    print('Epoch [{}/{}], Loss: {:.4f}, Test loss: {:.4f}, Test accuracy: {:.1f} %'.format(
        epoch + 1, num_epochs, avg, criterion(outputs, y_test).item(), acc))
