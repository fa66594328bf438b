# fault: wrong-output-activation or loss-task-mismatch
# A binary classifier with one output uses nn.CrossEntropyLoss, whose softmax over one logit is always one.
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset
from sklearn.datasets import make_classification
from sklearn.model_selection import train_test_split


class ChurnDataset(Dataset):
    def __init__(self, X, y):
        self.X = torch.from_numpy(X).float()
        self.y = torch.from_numpy(y).float().unsqueeze(1)

    def __len__(self):
        return len(self.X)

    def __getitem__(self, i):
        return self.X[i], self.y[i]


class ChurnModel(nn.Module):
    def __init__(self):
        super(ChurnModel, self).__init__()
        self.fc1 = nn.Linear(16, 64)
        self.fc2 = nn.Linear(64, 32)
        self.fc3 = nn.Linear(32, 1)
        self.drop = nn.Dropout(0.1)

    def forward(self, x):
        x = torch.relu(self.fc1(x))
        x = self.drop(x)
        x = torch.relu(self.fc2(x))
        return self.fc3(x)


torch.manual_seed(42)
X, y = make_classification(2000, 16, n_informative=8, n_clusters_per_class=2, class_sep=1.3, random_state=42)
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=42)
train_loader = DataLoader(ChurnDataset(X_train, y_train), batch_size=64, shuffle=True)
test_loader = DataLoader(ChurnDataset(X_test, y_test), batch_size=256)

model = ChurnModel()
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=0.001)

for epoch in range(1, 21):
    model.train()
    train_loss = 0
    for xb, yb in train_loader:
        optimizer.zero_grad()
        out = model(xb)
        loss = criterion(out, yb)
        loss.backward()
        optimizer.step()
        train_loss += loss.item()
    model.eval()
    correct = total = 0
    with torch.no_grad():
        for xb, yb in test_loader:
            out = model(xb)
            correct += ((out > 0).float() == yb).sum().item()
            total += len(yb)
    print(f"Epoch {epoch}: loss={train_loss / len(train_loader):.4f} test_acc={correct / total:.4f}")
