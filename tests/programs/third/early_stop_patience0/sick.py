# fault: too-few-epochs
import numpy as np
import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

"""Early stopping utility + digits"""


class EarlyStopping:
    def __init__(self, patience=7, delta=0.0):
        self.patience, self.delta = patience, delta
        self.best, self.counter, self.early_stop = np.inf, 0, False

    def __call__(self, val_loss):
        if val_loss < self.best - self.delta:
            self.best, self.counter = val_loss, 0
        else:
            self.counter += 1
            self.early_stop = self.counter >= self.patience


torch.manual_seed(10)
X, y = load_digits(return_X_y=True)
Xa, Xb, ya, yb = train_test_split((X - 4.9) / 6, y, test_size=0.25, random_state=10)
tr = DataLoader(TensorDataset(torch.tensor(Xa).float(), torch.tensor(ya)), batch_size=64, shuffle=True)
Xb, yb = torch.tensor(Xb).float(), torch.tensor(yb)
net = nn.Sequential(nn.Linear(64, 32), nn.Tanh(), nn.Linear(32, 10))
opt = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.5, weight_decay=1e-3)
crit = nn.CrossEntropyLoss()
stopper = EarlyStopping(patience=1, delta=0.6)
for epoch in range(40):
    net.train()
    tl = np.mean([(opt.zero_grad(), (l := crit(net(a), b)).backward(), opt.step(), l.item())[-1] for a, b in tr])
    net.eval()
    with torch.no_grad():
        z = net(Xb)
        vl = crit(z, yb).item()
    print(f"[{epoch:>2}/40] train_loss: {tl:.5f} valid_loss: {vl:.5f} valid_acc: {(z.argmax(1) == yb).float().mean().item():.4f}")
    stopper(vl)
    if stopper.early_stop:
        print("Early stopping")
        break
