# healthy
"""Three classes at 80/15/5 %, class weights in the loss, balanced accuracy as the score."""
import torch
from torch import nn
from sklearn.datasets import make_classification
from sklearn.metrics import balanced_accuracy_score, confusion_matrix
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

torch.manual_seed(0)
X, y = make_classification(9000, 16, n_informative=8, n_redundant=2, n_classes=3, weights=[.8, .15, .05], n_clusters_per_class=1, class_sep=1.4, flip_y=0.01, random_state=5)
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=.25, stratify=y, random_state=1)
scaler = StandardScaler().fit(X_train)
X_train, X_test = [torch.as_tensor(scaler.transform(a), dtype=torch.float32) for a in (X_train, X_test)]
y_train, y_test = torch.as_tensor(y_train), torch.as_tensor(y_test)
freq = torch.bincount(y_train).float()
weight = (freq.sum() / freq / 3).sqrt()
net = nn.Sequential(nn.Linear(16, 48), nn.ReLU(), nn.Dropout(.2), nn.Linear(48, 3))
loss_fn = nn.CrossEntropyLoss(weight=weight)
opt = torch.optim.AdamW(net.parameters(), lr=3e-3, weight_decay=.05)
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, 16)
for epoch in range(16):
    net.train()
    run = 0
    for idx in torch.randperm(len(y_train)).split(64):
        opt.zero_grad()
        loss = loss_fn(net(X_train[idx]), y_train[idx])
        loss.backward()
        opt.step()
        run += loss.item() * len(idx) / len(y_train)
    sched.step()
    net.eval()
    with torch.no_grad():
        out = net(X_test)
    print(f"epoch {epoch} train {run:.4f} val {loss_fn(out, y_test).item():.4f} balanced acc {balanced_accuracy_score(y_test, out.argmax(1)):.3f} acc {(out.argmax(1) == y_test).float().mean().item():.3f}")
print(confusion_matrix(y_test, out.argmax(1)))
