"""Handwritten digits with a deep multilayer perceptron."""

import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)

images, labels = load_digits(return_X_y=True)
images = torch.tensor(images / 16.0, dtype=torch.float32)
labels = torch.tensor(labels)
train_x, test_x, train_y, test_y = train_test_split(images, labels, test_size=0.25, random_state=0)
loader = DataLoader(TensorDataset(train_x, train_y), batch_size=64, shuffle=True)


class DeepNet(nn.Module):
    def __init__(self, width=64, depth=8):
        super().__init__()
        layers = [nn.Linear(64, width), nn.Sigmoid()]
        for _ in range(depth - 1):
            layers += [nn.Linear(width, width), nn.Sigmoid()]
        self.hidden = nn.Sequential(*layers)
        self.head = nn.Linear(width, 10)

    def forward(self, x):
        return self.head(self.hidden(x))


model = DeepNet()
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.02, momentum=0.9)

for epoch in range(1, 11):
    model.train()
    total = 0.0
    for x, y in loader:
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        total += loss.item() * len(x)
    model.eval()
    with torch.no_grad():
        accuracy = (model(test_x).argmax(1) == test_y).float().mean().item()
    print(f"epoch {epoch:2d}  loss {total / len(train_x):.4f}  test accuracy {accuracy:.1%}")
