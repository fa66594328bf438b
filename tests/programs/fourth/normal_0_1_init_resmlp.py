# fault: badly-scaled-initialization
# "init weights from N(0,1)" in a six-layer regression net on friedman1
import torch
from sklearn.datasets import make_friedman1
from torch import nn

X, y = make_friedman1(1500, noise=0.5, random_state=3)
X = torch.tensor(X * 2 - 1, dtype=torch.float32) * 1.7
y = torch.tensor(y, dtype=torch.float32)
y = (y - y.mean()) / y.std()


class Model(nn.Module):
    def __init__(self, hidden=96, n_layers=6):
        super().__init__()
        self.inp = nn.Linear(10, hidden)
        self.hid = nn.ModuleList(nn.Linear(hidden, hidden) for _ in range(n_layers - 2))
        self.out = nn.Linear(hidden, 1)
        self.init_weights()

    def init_weights(self):
        for m in self.modules():
            if isinstance(m, nn.Linear):
                m.weight.data.normal_(0.0, 1.0)
                m.bias.data.zero_()

    def forward(self, x):
        x = torch.relu(self.inp(x))
        for h in self.hid:
            x = torch.relu(h(x))
        return self.out(x).squeeze(-1)


torch.manual_seed(3)
model = Model()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
for epoch in range(20):
    for b in torch.randperm(1200).split(50):
        loss = ((model(X[b]) - y[b]) ** 2).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        test = ((model(X[1200:]) - y[1200:]) ** 2).mean()
    print(f"epoch {epoch:2d}  train {loss.item():.3e}  test {test.item():.3e}")
