# healthy
import numpy as np
import torch
from torch import nn
import torch.nn.functional as F

torch.manual_seed(0)
np.random.seed(0)

# accelerometer gestures: circle, swipe, zigzag, tap, shake, hold
CLASSES = ["circle", "swipe", "zigzag", "tap", "shake", "hold"]


def gesture(k, T=32):
    t = np.linspace(0, 1, T)
    ph = np.random.rand() * 2 * np.pi
    sp = 1 + 0.25 * np.random.randn()
    if k == 0:
        a = np.stack([np.cos(2 * np.pi * sp * t + ph), np.sin(2 * np.pi * sp * t + ph)])
    elif k == 1:
        a = np.stack([np.sin(np.pi * t) * np.cos(ph), np.sin(np.pi * t) * np.sin(ph)]) * 1.5
    elif k == 2:
        a = np.stack([np.sign(np.sin(6 * np.pi * sp * t + ph)), 0.3 * t])
    elif k == 3:
        a = np.stack([np.exp(-((t - np.random.rand()) / 0.04) ** 2) * 3, 0 * t])
    elif k == 4:
        a = np.stack([np.sin(16 * np.pi * sp * t + ph), np.cos(14 * np.pi * sp * t)])
    else:
        a = np.zeros((2, T))
    return (a + 0.35 * np.random.randn(2, T)).T


def batch_of(n):
    k = np.random.randint(0, 6, n)
    return torch.tensor(np.array([gesture(i) for i in k]), dtype=torch.float32), torch.tensor(k)


X_train, k_train = batch_of(1200)
X_test, k_test = batch_of(400)
mu, sd = X_train.mean((0, 1)), X_train.std((0, 1))
X_train, X_test = (X_train - mu) / sd, (X_test - mu) / sd
Y_train, Y_test = k_train, k_test


class GestureRNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.gru = nn.GRU(2, 24, batch_first=True)
        self.fc = nn.Linear(24, 6)

    def forward(self, x):
        h, _ = self.gru(x)
        return self.fc(h.mean(1))


model = GestureRNN()
loss_function = nn.CrossEntropyLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
lr_sched = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 20)
for epoch in range(20):
    model.train()
    tl = 0
    for ix in torch.randperm(1200).split(40):
        optimizer.zero_grad()
        loss = loss_function(model(X_train[ix]), Y_train[ix])
        loss.backward()
        optimizer.step()
        tl += loss.item() / 30
    lr_sched.step()
    model.eval()
    with torch.no_grad():
        out = model(X_test)
        print(epoch, "train loss", round(tl, 4), "test loss", round(loss_function(out, Y_test).item(), 4),
              "test acc", round((out.argmax(1) == k_test).float().mean().item(), 4))
