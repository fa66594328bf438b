# healthy
import torch
import torch.nn as nn
from sklearn.datasets import make_classification

torch.manual_seed(3)
X, y = make_classification(n_samples=1300, n_features=16, n_informative=10, n_redundant=2, n_classes=4, n_clusters_per_class=1,
                           class_sep=1.4, flip_y=0.0, random_state=3)
X = torch.tensor((X - X.mean(0)) / X.std(0), dtype=torch.float32)
y = torch.tensor(y)
X_train, y_train, X_val, y_val = X[:1000], y[:1000], X[1000:], y[1000:]

BATCH_SIZE = 25
EPOCHS = 6


class GestureNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(16, 48, bias=False)
        self.bn1 = nn.BatchNorm1d(48)
        self.fc2 = nn.Linear(48, 24, bias=False)
        self.bn2 = nn.BatchNorm1d(24)
        self.fc3 = nn.Linear(24, 4)

    def forward(self, x):
        x = torch.relu(self.bn1(self.fc1(x)))
        x = torch.relu(self.bn2(self.fc2(x)))
        return self.fc3(x)


model = GestureNet()
optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
criterion = nn.CrossEntropyLoss()

for epoch in range(EPOCHS):
    model.train()
    batches = torch.randperm(1000).split(BATCH_SIZE)
    total = 0.0
    for b in batches:
        loss = criterion(model(X_train[b]), y_train[b])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item()
    model.eval()
    with torch.no_grad():
        out = model(X_val)
        print(f'Epoch {epoch + 1}/{EPOCHS} - loss: {total / len(batches):.4f} - val_loss: {criterion(out, y_val).item():.4f} - val_accuracy: {(out.argmax(1) == y_val).float().mean().item():.4f}')
