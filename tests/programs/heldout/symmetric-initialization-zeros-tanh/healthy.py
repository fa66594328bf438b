# healthy
import torch
import torch.nn as nn
from sklearn.datasets import make_moons
from sklearn.preprocessing import StandardScaler

torch.manual_seed(100)
X, y = make_moons(1200, noise=0.15, random_state=100)
sc = StandardScaler().fit(X[:900])
X = torch.tensor(sc.transform(X), dtype=torch.float32)
y = torch.tensor(y)
Xtr, ytr, Xte, yte = X[:900], y[:900], X[900:], y[900:]


class FeedForward(nn.Module):
    def __init__(self, n_in, n_hidden, n_out):
        super().__init__()
        self.hidden1 = nn.Linear(n_in, n_hidden)
        self.hidden2 = nn.Linear(n_hidden, n_hidden)
        self.output = nn.Linear(n_hidden, n_out)

    def forward(self, x):
        return self.output(torch.tanh(self.hidden2(torch.tanh(self.hidden1(x)))))


def init_weights(m):
    if isinstance(m, nn.Linear):
        nn.init.xavier_uniform_(m.weight)
        nn.init.zeros_(m.bias)


net = FeedForward(2, 20, 2)
net.apply(init_weights)
crit = nn.CrossEntropyLoss()
opt = torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.9)

for epoch in range(40):
    net.train()
    tot = 0
    for ix in torch.randperm(900).split(30):
        opt.zero_grad()
        loss = crit(net(Xtr[ix]), ytr[ix])
        loss.backward()
        opt.step()
        tot += loss.item()
    net.eval()
    with torch.no_grad():
        out = net(Xte)
    if epoch % 4 == 3:
        print('Epoch: {}, loss: {:.4f}, test loss: {:.4f}, test accuracy: {:.3f}'.format(
            epoch + 1, tot / 30, crit(out, yte).item(), (out.argmax(1) == yte).float().mean().item()))
