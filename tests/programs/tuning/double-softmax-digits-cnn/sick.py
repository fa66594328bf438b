# fault: double-softmax
import torch
import torch.nn as nn
import torch.optim as optim
from sklearn.datasets import load_digits
from torch.utils.data import DataLoader, TensorDataset


class LeNetSmall(nn.Module):
    def __init__(self):
        super(LeNetSmall, self).__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 8, kernel_size=3, padding=1),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(2),
            nn.Conv2d(8, 16, kernel_size=3, padding=1),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(2),
        )
        self.classifier = nn.Linear(16 * 2 * 2, 10)
        self.softmax = nn.Softmax(dim=1)

    def forward(self, x):
        x = self.features(x)
        x = torch.flatten(x, 1)
        return self.softmax(self.classifier(x))


def main():
    torch.manual_seed(4)
    d = load_digits()
    images = torch.tensor(d.images, dtype=torch.float32).unsqueeze(1)
    images = (images - 4.88) / 6.02
    labels = torch.tensor(d.target, dtype=torch.long)
    order = torch.randperm(len(images))
    images, labels = images[order], labels[order]
    train_loader = DataLoader(TensorDataset(images[:1440], labels[:1440]), batch_size=48, shuffle=True)
    test_x, test_y = images[1440:], labels[1440:]

    model = LeNetSmall()
    criterion = nn.CrossEntropyLoss()
    optimizer = optim.SGD(model.parameters(), lr=0.02, momentum=0.9)

    for epoch in range(12):
        model.train()
        running_loss = 0.0
        for inputs, targets in train_loader:
            optimizer.zero_grad()
            outputs = model(inputs)
            loss = criterion(outputs, targets)
            loss.backward()
            optimizer.step()
            running_loss += loss.item()
        model.eval()
        with torch.no_grad():
            outputs = model(test_x)
            test_loss = criterion(outputs, test_y).item()
            correct = (torch.max(outputs, 1)[1] == test_y).sum().item()
        print(f"Epoch {epoch + 1}, train loss {running_loss / len(train_loader):.3f}, test loss {test_loss:.3f}, accuracy {100 * correct / len(test_y):.1f} %")


if __name__ == "__main__":
    main()
