# fault: nonfinite-data
import torch
import numpy as np
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler


def load():
    X, y = load_breast_cancer(return_X_y=True)
    # the lab export leaves a few cells empty
    rng = np.random.default_rng(5)
    X[rng.random(X.shape) < 0.004] = np.nan
    X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.3, random_state=1, stratify=y)
    scaler = StandardScaler().fit(X_train)
    as_tensor = lambda a: torch.tensor(a, dtype=torch.float32)
    return {
        "train": (as_tensor(scaler.transform(X_train)), as_tensor(y_train)),
        "test": (as_tensor(scaler.transform(X_test)), as_tensor(y_test)),
    }


def build():
    net = torch.nn.Sequential(torch.nn.Linear(30, 16), torch.nn.Tanh(), torch.nn.Linear(16, 1))
    return {"net": net, "opt": torch.optim.AdamW(net.parameters(), lr=3e-3, weight_decay=0.05)}


def train_epoch(state, data):
    x, y = data["train"]
    order = torch.randperm(len(x))
    losses = []
    for i in range(0, len(order) - 31, 32):
        rows = order[i : i + 32]
        logits = state["net"](x[rows]).squeeze(1)
        loss = torch.nn.functional.binary_cross_entropy_with_logits(logits, y[rows])
        state["opt"].zero_grad()
        loss.backward()
        state["opt"].step()
        losses.append(loss.item())
    return float(np.mean(losses))


def test(state, data):
    x, y = data["test"]
    with torch.no_grad():
        logits = state["net"](x).squeeze(1)
        loss = torch.nn.functional.binary_cross_entropy_with_logits(logits, y).item()
    return loss, ((logits > 0) == (y > 0.5)).float().mean().item()


torch.manual_seed(1)
data = load()
state = build()
for epoch in range(10):
    tl = train_epoch(state, data)
    vl, acc = test(state, data)
    print({"epoch": epoch, "train_loss": round(tl, 4), "test_loss": round(vl, 4), "test_acc": round(acc, 4)})
