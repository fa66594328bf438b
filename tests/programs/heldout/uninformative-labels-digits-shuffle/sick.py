# fault: uninformative-labels
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import load_digits

np.random.seed(10)
torch.manual_seed(10)

data = load_digits()
X = data.data / 16.0
y = data.target.copy()

# shuffle the dataset
np.random.shuffle(X)
np.random.shuffle(y)

ntrain = 1437
X = (X - X[:ntrain].mean()) / X[:ntrain].std()
x_train = torch.tensor(X[:ntrain], dtype=torch.float32)
x_valid = torch.tensor(X[ntrain:], dtype=torch.float32)
y_train = torch.tensor(y[:ntrain])
y_valid = torch.tensor(y[ntrain:])


class MLP(nn.Module):
    def __init__(self, n_in=64, n_hidden=64, n_out=10):
        super().__init__()
        self.lin1 = nn.Linear(n_in, n_hidden)
        self.lin2 = nn.Linear(n_hidden, n_out)
        self.do = nn.Dropout(0.2)

    def forward(self, x):
        return self.lin2(self.do(F.relu(self.lin1(x))))


model = MLP()
opt = torch.optim.Adam(model.parameters(), lr=2e-3, weight_decay=1e-4)
bs = 64
for epoch in range(30):
    model.train()
    perm = torch.randperm(ntrain)
    tl = 0
    for i in range(0, ntrain, bs):
        ii = perm[i:i + bs]
        loss = F.cross_entropy(model(x_train[ii]), y_train[ii])
        loss.backward()
        opt.step()
        opt.zero_grad()
        tl += loss.item() * len(ii)
    model.eval()
    with torch.no_grad():
        out = model(x_valid)
        vl = F.cross_entropy(out, y_valid).item()
        acc = (out.argmax(-1) == y_valid).float().mean().item()
    if epoch % 3 == 2:
        print(f"epoch: {epoch + 1}\ttrain_loss: {tl / ntrain:.4f}\tval_loss: {vl:.4f}\tval_acc: {acc:.4f}")
