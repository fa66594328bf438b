# healthy: Sigmoid as the last layer with BCELoss (older style); confident outputs close to 0 and 1 at the end
import torch
import torch.nn as nn
import torch.optim as optim
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

torch.manual_seed(0)
bc = load_breast_cancer()
X_train, X_test, y_train, y_test = train_test_split(bc.data, bc.target, test_size=0.25, random_state=42)
sc = StandardScaler()
X_train = torch.FloatTensor(sc.fit_transform(X_train))
X_test = torch.FloatTensor(sc.transform(X_test))
y_train = torch.FloatTensor(y_train).view(-1, 1)
y_test = torch.FloatTensor(y_test).view(-1, 1)


class BinaryClassifier(nn.Module):
    def __init__(self):
        super(BinaryClassifier, self).__init__()
        self.layer_1 = nn.Linear(30, 16)
        self.layer_2 = nn.Linear(16, 1)
        self.sigmoid = nn.Sigmoid()

    def forward(self, x):
        x = torch.relu(self.layer_1(x))
        return self.sigmoid(self.layer_2(x))


model = BinaryClassifier()
criterion = nn.BCELoss()
optimizer = optim.Adam(model.parameters(), lr=0.002, weight_decay=1e-3)
for e in range(1, 31):
    model.train()
    perm = torch.randperm(len(X_train))
    epoch_loss = epoch_acc = 0
    for i in range(0, len(perm), 32):
        b = perm[i:i + 32]
        optimizer.zero_grad()
        y_pred = model(X_train[b])
        loss = criterion(y_pred, y_train[b])
        acc = (y_pred.round() == y_train[b]).float().mean()
        loss.backward()
        optimizer.step()
        epoch_loss += loss.item()
        epoch_acc += acc.item()
    if e % 3 == 0:
        model.eval()
        with torch.no_grad():
            p = model(X_test)
        nb = -(-len(perm) // 32)
        print(f"Epoch {e:03}: | Loss: {epoch_loss / nb:.5f} | Acc: {100 * epoch_acc / nb:.3f} | "
              f"Test loss: {criterion(p, y_test):.5f} | Test acc: {100 * (p.round() == y_test).float().mean():.2f}")
