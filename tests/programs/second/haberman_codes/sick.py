# fault: invalid-labels
import numpy as np
import torch
import torch.nn as nn
from sklearn.datasets import make_classification
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler


def read_uci_like(seed=5):
    """last column is the class attribute: 1 = survived, 2 = died within five years"""
    X, c = make_classification(4000, 12, n_informative=8, n_redundant=2, n_clusters_per_class=3, class_sep=1.6, flip_y=0.0,
                               random_state=seed)
    return np.c_[X, c + 1]


table = read_uci_like()
X, y = table[:, :-1], table[:, -1]
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=.25, random_state=0)
scaler = StandardScaler()
X_train = torch.FloatTensor(scaler.fit_transform(X_train))
X_test = torch.FloatTensor(scaler.transform(X_test))
y_train, y_test = torch.FloatTensor(y_train).view(-1, 1), torch.FloatTensor(y_test).view(-1, 1)


class BinaryClassifier(nn.Module):
    def __init__(self, n_in):
        super(BinaryClassifier, self).__init__()
        self.layer_1 = nn.Linear(n_in, 64)
        self.layer_2 = nn.Linear(64, 64)
        self.layer_out = nn.Linear(64, 1)
        self.relu = nn.ReLU()
        self.dropout = nn.Dropout(p=0.2)
        self.batchnorm1 = nn.BatchNorm1d(64)
        self.batchnorm2 = nn.BatchNorm1d(64)

    def forward(self, inputs):
        x = self.batchnorm1(self.relu(self.layer_1(inputs)))
        x = self.batchnorm2(self.relu(self.layer_2(x)))
        x = self.dropout(x)
        return self.layer_out(x)


def binary_acc(y_pred, y_true):
    tag = torch.round(torch.sigmoid(y_pred))
    return (tag == y_true).float().mean().item() * 100


torch.manual_seed(0)
model = BinaryClassifier(12)
criterion = nn.BCEWithLogitsLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=0.002, weight_decay=1e-4)
EPOCHS = 15
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, EPOCHS)
for e in range(1, EPOCHS + 1):
    model.train()
    epoch_loss, epoch_acc, nb = 0, 0, 0
    for idx in torch.randperm(len(X_train)).split(64):
        optimizer.zero_grad()
        pred = model(X_train[idx])
        loss = criterion(pred, y_train[idx])
        loss.backward()
        optimizer.step()
        epoch_loss += loss.item(); epoch_acc += binary_acc(pred, y_train[idx]); nb += 1
    scheduler.step()
    model.eval()
    with torch.no_grad():
        out = model(X_test)
        tl, ta = criterion(out, y_test).item(), binary_acc(out, y_test)
    print(f'Epoch {e:03}: | Loss: {epoch_loss/nb:.5f} | Acc: {epoch_acc/nb:.3f} | Test Loss: {tl:.5f} | Test Acc: {ta:.3f}')
