# healthy
"""PyTorch port of a Keras notebook: Dense(32, relu) - Dense(16, relu) - Dense(1, sigmoid), binary_crossentropy, adam."""
import numpy as np
import torch
from sklearn.datasets import make_moons
from torch import nn


class Sequential(nn.Sequential):
    """mimics the Keras training API"""

    def compile(self, optimizer, loss, lr_schedule):
        self.optimizer, self.loss, self.schedule = optimizer, loss, lr_schedule

    def fit(self, x, y, epochs, batch_size, validation_data):
        history = []
        for epoch in range(epochs):
            self.train()
            logs = []
            for b in torch.randperm(len(x)).split(batch_size):
                loss = self.loss(self(x[b]), y[b])
                self.optimizer.zero_grad()
                loss.backward()
                self.optimizer.step()
                logs.append((loss.item(), ((self(x[b]) > .5) == (y[b] > .5)).float().mean().item()))
            self.schedule.step()
            tl, ta = np.mean(logs, 0)
            vl, va = self.evaluate(*validation_data)
            history.append(dict(loss=tl, val_loss=vl, val_accuracy=va))
            if epoch % 5 == 4:
                print(f"Epoch {epoch + 1}/{epochs} - loss: {tl:.4f} - accuracy: {ta:.4f} - val_loss: {vl:.4f} - val_accuracy: {va:.4f}")
        return history

    def evaluate(self, x, y):
        self.eval()
        with torch.no_grad():
            p = self(x)
            return self.loss(p, y).item(), ((p > .5) == (y > .5)).float().mean().item()


torch.manual_seed(3)
x, y = make_moons(3000, noise=.18, random_state=3)
x = (x - x.mean(0)) / x.std(0)
x, y = torch.tensor(x, dtype=torch.float32), torch.tensor(y, dtype=torch.float32).reshape(-1, 1)
model = Sequential(nn.Linear(2, 32), nn.ReLU(), nn.Linear(32, 16), nn.ReLU(), nn.Linear(16, 1), nn.Sigmoid())
adam = torch.optim.Adam(model.parameters(), lr=5e-3)
model.compile(adam, nn.functional.binary_cross_entropy, torch.optim.lr_scheduler.CosineAnnealingLR(adam, 25))
model.fit(x[:2400], y[:2400], epochs=25, batch_size=32, validation_data=(x[2400:], y[2400:]))
