# fault: unstable-formula
# CS homework: implement softmax and cross entropy yourself (no torch.nn.functional)
import torch
from sklearn.datasets import load_digits

torch.manual_seed(21)
d = load_digits()
X = torch.tensor(d.data, dtype=torch.float32)
X = X - X.mean(0)
y = torch.tensor(d.target)
order = torch.randperm(len(y))
X, y = X[order], y[order]
T = torch.zeros(len(y), 10)
T[torch.arange(len(y)), y] = 1


def softmax(z):
    e = torch.exp(z)
    return e / e.sum(dim=1, keepdim=True)


def cross_entropy(p, t):
    return -(t * torch.log(p)).sum(dim=1).mean()


W1 = (torch.randn(64, 80) * 0.25).requires_grad_()
b1 = torch.zeros(80, requires_grad=True)
W2 = (torch.randn(80, 10) * 0.6).requires_grad_()
b2 = torch.zeros(10, requires_grad=True)
params = [W1, b1, W2, b2]
optimizer = torch.optim.SGD(params, lr=0.02)


def forward(x):
    h = torch.relu(x @ W1 + b1)
    return softmax(h @ W2 + b2)


for epoch in range(10):
    for b in torch.randperm(1400).split(50):
        loss = cross_entropy(forward(X[b]), T[b])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        acc = (forward(X[1400:]).argmax(1) == y[1400:]).float().mean().item()
    print("epoch", epoch, "loss", loss.item(), "test acc", acc)
