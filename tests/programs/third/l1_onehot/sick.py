# fault: loss-task-mismatch
"""Handwritten digits, one-hot targets as in the Keras version of this notebook."""
import numpy as np, torch
from torch import nn
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

def to_categorical(y, n):
    return np.eye(n, dtype=np.float32)[y]

digits = load_digits()
x = ((digits.images - 4.9) / 6.0).astype(np.float32).reshape(-1, 1, 8, 8)
y = to_categorical(digits.target, 10)
x_tr, x_te, y_tr, y_te = (torch.from_numpy(a) for a in train_test_split(x, y, test_size=0.25, random_state=8))

class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 12, 3)
        self.dense1 = nn.Linear(12 * 9, 32)
        self.dense2 = nn.Linear(32, 10)
    def forward(self, x):
        x = torch.relu(self.conv(x))
        x = nn.functional.max_pool2d(x, 2).flatten(1)
        x = torch.relu(self.dense1(x))
        return self.dense2(x)

def categorical_loss(logits, target):
    return (target - logits.softmax(-1)).abs().mean()

def compile_and_fit(model, epochs, batch_size, lr):
    opt = torch.optim.SGD(model.parameters(), lr=lr, momentum=0.9)
    history = {"loss": [], "val_loss": [], "val_acc": []}
    for e in range(epochs):
        order, s = torch.randperm(len(x_tr)), 0.0
        for k in range(0, len(order), batch_size):
            j = order[k:k + batch_size]
            loss = categorical_loss(model(x_tr[j]), y_tr[j])
            opt.zero_grad(); loss.backward(); opt.step()
            s += loss.item() * len(j) / len(order)
        with torch.no_grad():
            z = model(x_te)
        history["loss"].append(s)
        history["val_loss"].append(categorical_loss(z, y_te).item())
        history["val_acc"].append((z.argmax(1) == y_te.argmax(1)).float().mean().item())
        print(" - ".join(f"{k}: {v[-1]:.4f}" for k, v in history.items()))
    return history

torch.manual_seed(8)
compile_and_fit(Model(), epochs=12, batch_size=32, lr=0.01)
