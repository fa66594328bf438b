# healthy
# Binary classification in PyTorch, breast cancer data set.
import torch, torch.nn as nn
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

torch.manual_seed(42)
data = load_breast_cancer()
Xtr, Xte, ytr, yte = train_test_split(data.data, data.target, test_size=0.3, random_state=42, stratify=data.target)
sc = StandardScaler().fit(Xtr)
Xtr = torch.tensor(sc.transform(Xtr), dtype=torch.float32)
Xte = torch.tensor(sc.transform(Xte), dtype=torch.float32)
ytr = torch.tensor(ytr, dtype=torch.float32).unsqueeze(1)
yte = torch.tensor(yte, dtype=torch.float32).unsqueeze(1)

model = nn.Sequential(nn.Linear(30, 16), nn.ReLU(), nn.Linear(16, 1))
loss_fn = nn.BCEWithLogitsLoss()
opt = torch.optim.AdamW(model.parameters(), lr=3e-3, weight_decay=0.1)

best, wait, patience = float("inf"), 0, 6
for epoch in range(100):
    model.train()
    order = torch.randperm(len(Xtr))
    tot = 0
    for k in range(0, len(order), 16):
        j = order[k:k + 16]
        opt.zero_grad()
        loss = loss_fn(model(Xtr[j]), ytr[j])
        loss.backward()
        opt.step()
        tot += loss.item() * len(j)
    model.eval()
    with torch.no_grad():
        z = model(Xte)
        vl = loss_fn(z, yte).item()
        acc = ((z > 0).float() == yte).float().mean().item()
    print(f"{epoch:3d} loss={tot/len(Xtr):.4f} val_loss={vl:.4f} val_acc={acc:.4f}")
    if vl < best - 1e-4:
        best, wait = vl, 0
    else:
        wait += 1
        if wait >= patience:
            print("early stop")
            break
