# fault: invalid-labels
"""Scorecard replacement, PD model prototype (synthetic book)."""
import torch
from torch import nn
from sklearn.datasets import make_classification
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

torch.manual_seed(99)

X, flag = make_classification(n_samples=4000, n_features=12, n_informative=8, n_redundant=0, n_clusters_per_class=2,
                              class_sep=1.0, flip_y=0.03, random_state=99)
y = 2 * flag - 1
X_dev, X_oot, y_dev, y_oot = train_test_split(X, y, test_size=0.25, random_state=5, stratify=y)
scaler = StandardScaler().fit(X_dev)
X_dev = torch.tensor(scaler.transform(X_dev), dtype=torch.float32)
X_oot = torch.tensor(scaler.transform(X_oot), dtype=torch.float32)
y_dev = torch.tensor(y_dev, dtype=torch.float32)
y_oot = torch.tensor(y_oot, dtype=torch.float32)


class PDModel(nn.Module):
    def __init__(self, n_in, width=24, p=0.1):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(n_in, width), nn.ReLU(), nn.Dropout(p), nn.Linear(width, width), nn.ReLU())
        self.score = nn.Linear(width, 1)

    def forward(self, x):
        return self.score(self.body(x)).squeeze(-1)


model = PDModel(X_dev.shape[1])
criterion = nn.BCEWithLogitsLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, weight_decay=1e-4)
loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(X_dev, y_dev), batch_size=100, shuffle=True)

for epoch in range(30):
    model.train()
    tot = 0.0
    for xb, yb in loader:
        optimizer.zero_grad()
        loss = criterion(model(xb), yb)
        loss.backward()
        optimizer.step()
        tot += loss.item() * len(xb)
    if (epoch + 1) % 3 == 0:
        model.eval()
        with torch.no_grad():
            s = model(X_oot)
            oot = criterion(s, y_oot).item()
        pd_mean = torch.sigmoid(s).mean().item()
        print(f"{epoch + 1:3d} dev {tot / len(X_dev):9.4f} oot {oot:9.4f} gini {2 * roc_auc_score(y_oot, s) - 1:.3f} mean PD {pd_mean:.3f}")
