# healthy
import torch
import torch.nn as nn
from sklearn.datasets import make_hastie_10_2

torch.manual_seed(33)
X, y = make_hastie_10_2(n_samples=4000, random_state=33)
X = torch.tensor(X, dtype=torch.float32)
y = torch.tensor((y > 0).astype('float32'))
X_train, y_train, X_val, y_val = X[:3200], y[:3200], X[3200:], y[3200:]


class BinaryClassifier(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(10, 96)
        self.fc2 = nn.Linear(96, 96)
        self.fc3 = nn.Linear(96, 1)
        self.dropout = nn.Dropout(0.5)

    def forward(self, x):
        x = self.dropout(torch.relu(self.fc1(x)))
        x = self.dropout(torch.relu(self.fc2(x)))
        return self.fc3(x).squeeze(1)


def train_one_epoch(model, optimizer, criterion):
    model.train()
    loss_sum = 0
    for idx in torch.randperm(len(X_train)).split(64):
        optimizer.zero_grad()
        loss = criterion(model(X_train[idx]), y_train[idx])
        loss.backward()
        optimizer.step()
        loss_sum += loss.item() * len(idx)
    return loss_sum / len(X_train)


def evaluate(model, criterion):
    model.eval()
    with torch.no_grad():
        logits = model(X_val)
        return criterion(logits, y_val).item(), ((logits > 0) == (y_val > 0.5)).float().mean().item()


model = BinaryClassifier()
criterion = nn.BCEWithLogitsLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 25)
for epoch in range(25):
    tr = train_one_epoch(model, optimizer, criterion)
    scheduler.step()
    vl, va = evaluate(model, criterion)
    if epoch % 2 == 0:
        print(f"Epoch {epoch + 1}: train_loss {tr:.4f}, val_loss {vl:.4f}, val_acc {va:.4f}")
