# healthy
# A small tanh network with light weight decay on scaled wine data, in a class with fit and evaluate.
import numpy as np
import torch
from torch import nn
from sklearn.datasets import load_wine
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler


class Model:
    def __init__(self, layers):
        self.net = nn.Sequential(*layers)

    def compile(self, optimizer, loss):
        self.optimizer = optimizer(self.net.parameters())
        self.loss = loss

    def fit(self, x, y, validation_data, epochs=10, batch_size=16):
        for epoch in range(epochs):
            self.net.train()
            order = np.random.permutation(len(x))
            seen, correct, total = 0, 0, 0.0
            for start in range(0, len(x), batch_size):
                pick = order[start : start + batch_size]
                xb, yb = x[pick], y[pick]
                out = self.net(xb)
                loss = self.loss(out, yb)
                self.optimizer.zero_grad()
                loss.backward()
                self.optimizer.step()
                total += loss.item() * len(pick)
                correct += (out.argmax(1) == yb).sum().item()
                seen += len(pick)
            vl, va = self.evaluate(*validation_data)
            print(f"Epoch {epoch + 1}/{epochs} - loss: {total / seen:.4f} - acc: {correct / seen:.4f} - val_loss: {vl:.4f} - val_acc: {va:.4f}")

    @torch.no_grad()
    def evaluate(self, x, y):
        self.net.eval()
        out = self.net(x)
        return self.loss(out, y).item(), (out.argmax(1) == y).float().mean().item()


np.random.seed(0)
torch.manual_seed(0)
X, y = load_wine(return_X_y=True)
a, b, ya, yb = train_test_split(X, y, test_size=0.3, stratify=y, random_state=0)
scaler = StandardScaler().fit(a)
a, b = (torch.tensor(scaler.transform(v), dtype=torch.float32) for v in (a, b))
ya, yb = torch.tensor(ya), torch.tensor(yb)
model = Model([nn.Linear(13, 16), nn.Tanh(), nn.Linear(16, 3)])
model.compile(lambda p: torch.optim.Adam(p, lr=5e-3, weight_decay=1e-3), nn.CrossEntropyLoss())
model.fit(a, ya, (b, yb), epochs=25)
