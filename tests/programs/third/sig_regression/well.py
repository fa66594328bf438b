# healthy
# predicting disease progression
import torch, numpy as np
import torch.nn as nn
from sklearn.datasets import load_diabetes
from sklearn.preprocessing import StandardScaler

X, y = load_diabetes(return_X_y=True)
idx = np.random.RandomState(6).permutation(len(X))
X, y = X[idx], y[idx].reshape(-1, 1)
sx, sy = StandardScaler().fit(X[:330]), StandardScaler().fit(y[:330])
X = torch.tensor(sx.transform(X)).float()
y = torch.tensor(sy.transform(y)).float()
x_train, y_train, x_val, y_val = X[:330], y[:330], X[330:], y[330:]


class DiabetesNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden = nn.Linear(10, 20)
        self.relu = nn.ReLU()
        self.out = nn.Linear(20, 1)

    def forward(self, x):
        x = self.relu(self.hidden(x))
        return self.out(x)


torch.manual_seed(6)
net = DiabetesNet()
opt = torch.optim.SGD(net.parameters(), lr=0.003, momentum=0.9, weight_decay=0.05)
loss_func = nn.MSELoss()
for epoch in range(20):
    perm = torch.randperm(330)
    tl = 0
    for i in range(0, 330, 22):
        j = perm[i:i + 22]
        loss = loss_func(net(x_train[j]), y_train[j])
        opt.zero_grad()
        loss.backward()
        opt.step()
        tl += loss.item() / 15
    with torch.no_grad():
        vl = loss_func(net(x_val), y_val).item()
    print("epoch", epoch, "train mse %.3f" % tl, "val mse %.3f" % vl, "R2 %.3f" % (1 - vl / y_val.var(unbiased=False).item()))
