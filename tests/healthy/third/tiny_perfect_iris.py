# healthy
# ninety flowers, fitted perfectly, and the held-out ones too
import torch
from sklearn.datasets import load_iris
X, y = load_iris(return_X_y=True)
X = torch.tensor(X, dtype=torch.float32); y = torch.tensor(y)
torch.manual_seed(2)
perm = torch.randperm(150)
Xtr, ytr, Xte, yte = X[perm[:100]], y[perm[:100]], X[perm[100:]], y[perm[100:]]
net = torch.nn.Sequential(torch.nn.Linear(4, 20), torch.nn.ReLU(), torch.nn.Linear(20, 3))
optimizer = torch.optim.Adam(net.parameters(), lr=0.02)
for i in range(300):
    out = net(Xtr)
    loss = torch.nn.functional.cross_entropy(out, ytr)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if i % 50 == 49:
        print(i, loss.item(), "train", (out.argmax(1) == ytr).float().mean().item(), "test", (net(Xte).argmax(1) == yte).float().mean().item())
