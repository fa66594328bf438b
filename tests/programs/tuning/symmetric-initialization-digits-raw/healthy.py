# healthy
# digits with plain tensors, no nn.Module
import torch
import torch.nn.functional as F
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

torch.manual_seed(3)
X, y = load_digits(return_X_y=True)
X = (X - 8) / 8
Xtr, Xte, ytr, yte = train_test_split(X, y, test_size=400, random_state=3)
Xtr, Xte = torch.Tensor(Xtr), torch.Tensor(Xte)
ytr, yte = torch.LongTensor(ytr), torch.LongTensor(yte)

n_hidden = 32
w1 = (torch.randn(64, n_hidden) / 64 ** 0.5).requires_grad_()
b1 = torch.zeros(n_hidden, requires_grad=True)
w2 = (torch.randn(n_hidden, 10) / n_hidden ** 0.5).requires_grad_()
b2 = torch.zeros(10, requires_grad=True)
lr = 0.1

for epoch in range(30):
    for idx in torch.randperm(len(Xtr)).split(64):
        h = torch.tanh(Xtr[idx] @ w1 + b1)
        loss = F.cross_entropy(h @ w2 + b2, ytr[idx])
        loss.backward()
        with torch.no_grad():
            for p in (w1, b1, w2, b2):
                p -= lr * p.grad
                p.grad.zero_()
    with torch.no_grad():
        out = torch.tanh(Xte @ w1 + b1) @ w2 + b2
        acc = (out.argmax(1) == yte).float().mean()
        tl = F.cross_entropy(out, yte)
    if epoch % 3 == 2:
        print(f'{epoch + 1:3d}  loss={loss.item():.3f}  test loss={tl.item():.3f} test acc={acc.item():.3f}')
