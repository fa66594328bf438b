# healthy
import copy

import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import StratifiedKFold

torch.manual_seed(0)
digits = load_digits()
X = torch.tensor(digits.data / 16 - 0.3, dtype=torch.float32) / 0.38
y = torch.tensor(digits.target)

template = torch.nn.Sequential(
    torch.nn.Linear(64, 32),
    torch.nn.LeakyReLU(0.1),
    torch.nn.Linear(32, 10),
)

for fold, (train_idx, val_idx) in enumerate(StratifiedKFold(3, shuffle=True, random_state=0).split(X, y)):
    # every fold starts from the same weights
    model = copy.deepcopy(template)
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3, weight_decay=1e-4)
    train_idx, val_idx = torch.as_tensor(train_idx), torch.as_tensor(val_idx)
    for epoch in range(15):
        for b in train_idx[torch.randperm(len(train_idx))].split(40):
            model.zero_grad()
            loss = torch.nn.functional.cross_entropy(model(X[b]), y[b])
            loss.backward()
            optimizer.step()
        if epoch % 5 == 4:
            with torch.no_grad():
                out = model(X[val_idx])
                vl = torch.nn.functional.cross_entropy(out, y[val_idx]).item()
                acc = (out.argmax(1) == y[val_idx]).float().mean().item()
            print(f"fold {fold} epoch {epoch + 1:2d} loss {loss.item():.3f} val loss {vl:.3f} val acc {acc:.3f}")
