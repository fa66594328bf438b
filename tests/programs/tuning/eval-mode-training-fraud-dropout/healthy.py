# healthy
import torch
from torch import nn
from sklearn.datasets import make_classification
from sklearn.model_selection import train_test_split


class FraudModel(nn.Module):
    def __init__(self, n_features):
        super().__init__()
        self.bn = nn.BatchNorm1d(n_features)
        self.l1 = nn.Linear(n_features, 128)
        self.l2 = nn.Linear(128, 64)
        self.l3 = nn.Linear(64, 1)
        self.drop = nn.Dropout(0.3)

    def forward(self, x):
        x = self.bn(x)
        x = self.drop(torch.relu(self.l1(x)))
        x = self.drop(torch.relu(self.l2(x)))
        return self.l3(x).squeeze(1)


class Experiment:
    def __init__(self, data, batch_size=64):
        self.x_train, self.x_val, self.y_train, self.y_val = data
        self.batch_size = batch_size
        self.model = FraudModel(self.x_train.shape[1])
        self.model.train()
        self.optimizer = torch.optim.AdamW(self.model.parameters(), lr=1e-3, weight_decay=1e-2)
        self.criterion = nn.BCEWithLogitsLoss()

    def run(self, epochs):
        for epoch in range(epochs):
            losses = []
            for rows in torch.randperm(len(self.x_train)).split(self.batch_size):
                self.optimizer.zero_grad()
                loss = self.criterion(self.model(self.x_train[rows]), self.y_train[rows])
                loss.backward()
                self.optimizer.step()
                losses.append(loss.item())
            self.model.eval()
            with torch.no_grad():
                z = self.model(self.x_val)
                val = self.criterion(z, self.y_val).item()
                acc = ((z > 0).float() == self.y_val).float().mean().item()
            self.model.train()
            print(f"epoch={epoch} train={sum(losses) / len(losses):.4f} val={val:.4f} acc={acc:.3f}")


torch.manual_seed(44)
X, y = make_classification(3000, 20, n_informative=10, n_redundant=4, n_clusters_per_class=3, class_sep=1.5, flip_y=0.01, random_state=44)
X = torch.tensor((X - X.mean(0)) / X.std(0), dtype=torch.float32)
y = torch.tensor(y, dtype=torch.float32)
Experiment(train_test_split(X, y, test_size=600, random_state=44)).run(15)
