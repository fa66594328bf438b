# fault: excessive-regularization
# SGD with weight_decay=0.1, copied from an AdamW recipe, holds the weights near zero.
import torch
import torch.nn as nn
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

config = dict(lr=0.1, momentum=0.9, weight_decay=0.1, batch_size=64, epochs=15, hidden=64)
torch.manual_seed(2)
X, y = load_digits(return_X_y=True)
X_tr, X_va, y_tr, y_va = train_test_split(torch.tensor(X, dtype=torch.float32) / 16, torch.tensor(y), test_size=0.25, random_state=2)
model = nn.Sequential(nn.Linear(64, config["hidden"]), nn.ReLU(), nn.Linear(config["hidden"], config["hidden"]), nn.ReLU(), nn.Linear(config["hidden"], 10))
opt = torch.optim.SGD(model.parameters(), lr=config["lr"], momentum=config["momentum"], weight_decay=config["weight_decay"])
for epoch in range(config["epochs"]):
    for i in torch.randperm(len(X_tr)).split(config["batch_size"]):
        loss = nn.functional.cross_entropy(model(X_tr[i]), y_tr[i])
        opt.zero_grad()
        loss.backward()
        opt.step()
    with torch.no_grad():
        out = model(X_va)
        print({"epoch": epoch, "train": round(loss.item(), 4), "val": round(nn.functional.cross_entropy(out, y_va).item(), 4), "acc": round((out.argmax(1) == y_va).float().mean().item(), 4)})
