# fault: wrong-output-activation
# "Why does my binary classifier always output 1.0?"
import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import make_moons

torch.manual_seed(0)
X, y = make_moons(1000, noise=0.15, random_state=0)
X = torch.tensor(X, dtype=torch.float32)
y = torch.tensor(y, dtype=torch.float32).reshape(-1, 1)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden = nn.Linear(2, 30)
        self.out = nn.Linear(30, 1)

    def forward(self, x):
        x = F.relu(self.hidden(x))
        return F.softmax(self.out(x), dim=1)


net = Net()
opt = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
loss_func = nn.BCELoss()
for epoch in range(25):
    for s in range(0, 800, 40):
        prediction = net(X[s:s+40])
        loss = loss_func(prediction, y[s:s+40])
        opt.zero_grad()
        loss.backward()
        opt.step()
    with torch.no_grad():
        acc = ((net(X[800:]) > 0.5) == y[800:].bool()).float().mean()
    print("Epoch: {} Loss: {:.4f} Test accuracy: {:.3f}".format(epoch, loss.item(), acc.item()))
