"""A residual convolutional net with batch normalisation on the digits."""

import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import nn
from torch.optim.lr_scheduler import OneCycleLR
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)

digits = load_digits()
x = torch.tensor(digits.images, dtype=torch.float32).unsqueeze(1)
y = torch.tensor(digits.target)
x_train, x_val, y_train, y_val = train_test_split(x, y, test_size=0.2, stratify=y, random_state=0)
mean, std = x_train.mean(), x_train.std()
train = DataLoader(TensorDataset((x_train - mean) / std, y_train), batch_size=64, shuffle=True)
val = DataLoader(TensorDataset((x_val - mean) / std, y_val), batch_size=256)


class Block(nn.Module):
    def __init__(self, cin, cout, stride=1):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(cin, cout, 3, stride, 1, bias=False), nn.BatchNorm2d(cout), nn.ReLU(),
            nn.Conv2d(cout, cout, 3, 1, 1, bias=False), nn.BatchNorm2d(cout),
        )
        self.skip = nn.Identity() if cin == cout and stride == 1 else nn.Conv2d(cin, cout, 1, stride, bias=False)

    def forward(self, x):
        return torch.relu(self.body(x) + self.skip(x))


model = nn.Sequential(
    nn.Conv2d(1, 8, 3, padding=1, bias=False), nn.BatchNorm2d(8), nn.ReLU(),
    Block(8, 8), Block(8, 16, stride=2),
    nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(16, 10),
)
epochs = 7
optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3, weight_decay=1e-2)
scheduler = OneCycleLR(optimizer, max_lr=1e-2, total_steps=epochs * len(train))
criterion = nn.CrossEntropyLoss()

for epoch in range(epochs):
    model.train()
    for inputs, targets in train:
        loss = criterion(model(inputs), targets)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        scheduler.step()
    model.eval()
    correct, val_loss = 0, 0.0
    with torch.no_grad():
        for inputs, targets in val:
            logits = model(inputs)
            val_loss += criterion(logits, targets).item() * len(targets)
            correct += (logits.argmax(1) == targets).sum().item()
    print(f"epoch {epoch + 1}: val loss {val_loss / len(x_val):.4f}, val accuracy {correct / len(x_val):.2%}")
