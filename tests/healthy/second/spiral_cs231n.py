# healthy
# port of the cs231n "neural net case study" spiral, with a torch optimizer
import numpy as np
import torch

rng = np.random.RandomState(0)
def spiral(N, K=3, D=2):
    X = np.zeros((N*K, D)); y = np.zeros(N*K, dtype='int64')
    for j in range(K):
        ix = range(N*j, N*(j+1))
        r = np.linspace(0.0, 1, N)
        t = np.linspace(j*4, (j+1)*4, N) + rng.randn(N)*0.2
        X[ix] = np.c_[r*np.sin(t), r*np.cos(t)]
        y[ix] = j
    return torch.tensor(X, dtype=torch.float32), torch.tensor(y)
X, y = spiral(300)
Xt, yt = spiral(120)

torch.manual_seed(0)
h = 100
W1 = (torch.randn(2, h) * 1.0).requires_grad_()
b1 = torch.zeros(h, requires_grad=True)
W2 = (torch.randn(h, 3) * (2.0/h)**0.5).requires_grad_()
b2 = torch.zeros(3, requires_grad=True)
params = [W1, b1, W2, b2]
opt = torch.optim.SGD(params, lr=0.5, momentum=0.9)
reg = 1e-4

def scores(X):
    return torch.relu(X @ W1 + b1) @ W2 + b2

for it in range(1001):
    data_loss = torch.nn.functional.cross_entropy(scores(X), y)
    loss = data_loss + 0.5*reg*((W1*W1).sum() + (W2*W2).sum())
    opt.zero_grad()
    loss.backward()
    opt.step()
    if it % 100 == 0:
        with torch.no_grad():
            s = scores(Xt)
            print("iteration %d: loss %f  test loss %f  test acc %.3f" % (
                it, loss.item(), torch.nn.functional.cross_entropy(s, yt).item(), (s.argmax(1) == yt).float().mean().item()))
