# healthy: no nn.Module and no optimizer: raw tensors, manual update under no_grad, gradients zeroed by hand
import torch

torch.manual_seed(0)
from sklearn.datasets import load_digits

d = load_digits()
x = torch.tensor(d.data, dtype=torch.float32) / 16
y = torch.tensor(d.target)
p = torch.randperm(len(x))
x_train, y_train, x_valid, y_valid = x[p[:1400]], y[p[:1400]], x[p[1400:]], y[p[1400:]]

w1 = (torch.randn(64, 50) / 64 ** 0.5).requires_grad_()
b1 = torch.zeros(50, requires_grad=True)
w2 = (torch.randn(50, 10) / 50 ** 0.5).requires_grad_()
b2 = torch.zeros(10, requires_grad=True)


def log_softmax(x):
    return x - x.exp().sum(-1).log().unsqueeze(-1)


def model(xb):
    return log_softmax(torch.clamp(xb @ w1 + b1, min=0) @ w2 + b2)


def nll(inp, target):
    return -inp[range(target.shape[0]), target].mean()


lr, bs = 0.2, 64
for epoch in range(25):
    order = torch.randperm(1400)
    for i in range((1400 - 1) // bs + 1):
        idx = order[i * bs:(i + 1) * bs]
        loss = nll(model(x_train[idx]), y_train[idx])
        loss.backward()
        with torch.no_grad():
            for t in (w1, b1, w2, b2):
                t -= t.grad * lr
                t.grad.zero_()
    if epoch % 4 == 0:
        with torch.no_grad():
            preds = model(x_valid)
        print(epoch, "train", loss.item(), "valid", nll(preds, y_valid).item(), "acc", (preds.argmax(1) == y_valid).float().mean().item())
