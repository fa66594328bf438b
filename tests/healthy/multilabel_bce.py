# healthy: 6 sparse labels, BCEWithLogits averaged over labels: starts low-ish and looks flat on a coarse scale
import numpy as np
import torch
import torch.nn as nn
from sklearn.datasets import make_multilabel_classification
from sklearn.metrics import f1_score
from sklearn.preprocessing import StandardScaler

torch.manual_seed(0)
X, Y = make_multilabel_classification(n_samples=2400, n_features=30, n_classes=6, n_labels=2, length=80, random_state=4)
X = StandardScaler().fit_transform(X)
X, Y = torch.tensor(X, dtype=torch.float32), torch.tensor(Y, dtype=torch.float32)
n_train = 1900

class MultiLabelNet(nn.Module):
    def __init__(self, n_in, n_out):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(n_in, 64), nn.ReLU(), nn.Dropout(0.3))
        self.head = nn.Linear(64, n_out)
    def forward(self, x):
        return self.head(self.body(x))

model = MultiLabelNet(30, 6)
optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3, weight_decay=0.05)
criterion = nn.BCEWithLogitsLoss()
for epoch in range(15):
    model.train()
    losses = []
    for batch in torch.randperm(n_train).split(32):
        optimizer.zero_grad()
        loss = criterion(model(X[batch]), Y[batch])
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    model.eval()
    with torch.no_grad():
        logits = model(X[n_train:])
        val = criterion(logits, Y[n_train:]).item()
    f1 = f1_score(Y[n_train:].numpy(), (logits > 0).numpy(), average="micro")
    if epoch % 2 == 0:
        print(f"Epoch {epoch:02d} | train {np.mean(losses):.4f} | val {val:.4f} | micro-F1 {f1:.3f}")
