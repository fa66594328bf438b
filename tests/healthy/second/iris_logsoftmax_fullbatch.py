# healthy
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import load_iris

torch.manual_seed(7)
np.random.seed(3)

iris = load_iris()
x = iris["data"].astype(np.float32)
y = iris["target"]
_, first = np.unique(x, axis=0, return_index=True)      # one flower is listed twice
x, y = x[first], y[first]
perm = np.random.permutation(len(x))
x, y = x[perm], y[perm]
mean, std = x[:105].mean(0), x[:105].std(0)
x = (x - mean) / std
x_train, y_train = torch.from_numpy(x[:105]), torch.from_numpy(y[:105])
x_test, y_test = torch.from_numpy(x[105:]), torch.from_numpy(y[105:])


class Model(nn.Module):
    def __init__(self, n_in=4, hidden=12, n_out=3):
        super().__init__()
        self.layer1 = nn.Linear(n_in, hidden)
        self.layer2 = nn.Linear(hidden, n_out)

    def forward(self, t):
        t = torch.tanh(self.layer1(t))
        return F.log_softmax(self.layer2(t), dim=1)


model = Model()
optimizer = torch.optim.Adam(model.parameters(), lr=0.01, weight_decay=5e-3)
loss_fn = nn.NLLLoss()

# 105 flowers fit in one batch
for epoch in range(300):
    model.train()
    logp = model(x_train)
    loss = loss_fn(logp, y_train)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if epoch % 20 == 0 or epoch == 299:
        model.eval()
        with torch.no_grad():
            test_logp = model(x_test)
            test_loss = loss_fn(test_logp, y_test)
            acc = (test_logp.argmax(1) == y_test).float().mean()
        print(f"epoch {epoch}: loss {loss.item():.4f} test loss {test_loss.item():.4f} test acc {acc.item():.3f}")
