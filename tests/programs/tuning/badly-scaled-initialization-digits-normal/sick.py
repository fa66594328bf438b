# fault: badly-scaled-initialization
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset
from sklearn.datasets import load_digits

torch.manual_seed(0)

digits = load_digits()
x = torch.tensor(digits.data, dtype=torch.float32)
x = (x - x.mean()) / x.std()
y = torch.tensor(digits.target)
g = torch.randperm(len(x))
train = DataLoader(TensorDataset(x[g[:1500]], y[g[:1500]]), batch_size=50, shuffle=True)
test_x, test_y = x[g[1500:]], y[g[1500:]]

layers = []
width = [64, 64, 64, 64, 64, 64]
for a, b in zip(width, width[1:]):
    layers += [nn.Linear(a, b), nn.ReLU()]
layers.append(nn.Linear(width[-1], 10))
net = nn.Sequential(*layers)

for m in net.modules():
    if isinstance(m, nn.Linear):
        nn.init.normal_(m.weight, 0, 1)
        nn.init.zeros_(m.bias)

opt = torch.optim.SGD(net.parameters(), lr=0.03, weight_decay=1e-3)
loss_fn = nn.CrossEntropyLoss()
for epoch in range(10):
    for xb, yb in train:
        opt.zero_grad()
        loss = loss_fn(net(xb), yb)
        loss.backward()
        opt.step()
    with torch.no_grad():
        out = net(test_x)
        print(f'epoch {epoch} loss {loss.item():.4f} test {loss_fn(out, test_y).item():.4f} acc {(out.argmax(1) == test_y).float().mean().item():.3f}')
