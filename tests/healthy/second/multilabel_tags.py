# healthy
"""Multi-label classification with word-count inputs (log1p), BCE per label."""
import numpy as np
import torch
import torch.nn as nn
from sklearn.datasets import make_multilabel_classification
from sklearn.metrics import f1_score
from sklearn.model_selection import train_test_split

torch.manual_seed(8)
X, Y = make_multilabel_classification(n_samples=5000, n_features=40, n_classes=6, n_labels=2, length=60, random_state=8)
X = np.log1p(X)
X_tr, X_va, Y_tr, Y_va = train_test_split(X, Y, test_size=0.2, random_state=8)
X_tr, X_va, Y_tr, Y_va = (torch.tensor(a, dtype=torch.float32) for a in (X_tr, X_va, Y_tr, Y_va))

model = nn.Sequential(nn.Linear(40, 64), nn.LeakyReLU(0.1), nn.Dropout(0.2), nn.Linear(64, 6))
criterion = nn.BCEWithLogitsLoss()
optimizer = torch.optim.NAdam(model.parameters(), lr=2e-3)
for epoch in range(16):
    model.train()
    losses = []
    for idx in torch.randperm(len(X_tr)).split(64):
        optimizer.zero_grad()
        loss = criterion(model(X_tr[idx]), Y_tr[idx])
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    model.eval()
    with torch.no_grad():
        logits = model(X_va)
        val = criterion(logits, Y_va).item()
        f1 = f1_score(Y_va.numpy(), (logits > 0).numpy(), average="micro")
    print(f"epoch {epoch}: train {np.mean(losses):.4f} val {val:.4f} micro-F1 {f1:.3f}")
