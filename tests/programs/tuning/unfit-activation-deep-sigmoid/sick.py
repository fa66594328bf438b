# fault: unfit-activation or badly-scaled-initialization or vanishing-gradient
import torch
import torch.nn as nn
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)

X, y = load_digits(return_X_y=True)
X = X[:, X.std(axis=0) > 0.3]
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.2, random_state=0)
mean, std = X_train.mean(), X_train.std()
X_train = torch.tensor((X_train - mean) / std, dtype=torch.float32)
X_test = torch.tensor((X_test - mean) / std, dtype=torch.float32)
y_train, y_test = torch.tensor(y_train), torch.tensor(y_test)
loader = DataLoader(TensorDataset(X_train, y_train), batch_size=32, shuffle=True)


class DeepNet(nn.Module):
    def __init__(self, n_in, width=48, depth=5, n_out=10):
        super().__init__()
        dims = [n_in] + [width] * depth
        self.hidden = nn.ModuleList(nn.Linear(a, b) for a, b in zip(dims, dims[1:]))
        self.out = nn.Linear(width, n_out)
        self.act = nn.Sigmoid()

    def forward(self, x):
        for layer in self.hidden:
            x = self.act(layer(x))
        return self.out(x)


net = DeepNet(X_train.shape[1])
opt = torch.optim.SGD(net.parameters(), lr=0.01, momentum=0.9, weight_decay=1e-3)
criterion = nn.CrossEntropyLoss()
for epoch in range(12):
    net.train()
    s = 0.0
    for xb, yb in loader:
        opt.zero_grad()
        loss = criterion(net(xb), yb)
        loss.backward()
        opt.step()
        s += loss.item()
    net.eval()
    with torch.no_grad():
        o = net(X_test)
        print(f"epoch {epoch}: train {s / len(loader):.4f} test {criterion(o, y_test).item():.4f} acc {(o.argmax(1) == y_test).float().mean().item():.3f}")
