# healthy: mildly imbalanced classes (60/30/10) with class weights in the loss
import numpy as np
import torch
import torch.nn as nn
from sklearn.datasets import make_classification
from sklearn.metrics import balanced_accuracy_score
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler
from sklearn.utils.class_weight import compute_class_weight

torch.manual_seed(0)
X, y = make_classification(4000, 12, n_informative=6, n_redundant=0, n_classes=3, n_clusters_per_class=1, weights=[0.6, 0.3, 0.1], class_sep=1.5, flip_y=0, random_state=2)
X_tr, X_va, y_tr, y_va = train_test_split(X, y, stratify=y, random_state=0)
sc = StandardScaler().fit(X_tr)
X_tr, X_va = torch.tensor(sc.transform(X_tr)).float(), torch.tensor(sc.transform(X_va)).float()
weights = torch.tensor(compute_class_weight("balanced", classes=np.unique(y_tr), y=y_tr), dtype=torch.float)
y_tr, y_va = torch.tensor(y_tr), torch.tensor(y_va)
print("class weights", weights)

net = nn.Sequential(nn.Linear(12, 48), nn.ReLU(), nn.Linear(48, 24), nn.ReLU(), nn.Linear(24, 3))
criterion = nn.CrossEntropyLoss(weight=weights)
optimizer = torch.optim.Adam(net.parameters(), lr=1e-3)
for epoch in range(12):
    for idx in torch.randperm(len(X_tr)).split(64):
        optimizer.zero_grad()
        loss = criterion(net(X_tr[idx]), y_tr[idx])
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        out = net(X_va)
    bal = balanced_accuracy_score(y_va.numpy(), out.argmax(1).numpy())
    print(f"epoch {epoch:2d} train {loss.item():.3f} val {criterion(out, y_va).item():.3f} balanced acc {bal:.3f}")
