# healthy
# no validation loop at all; one test number at the very end
import torch
from sklearn.datasets import make_moons
from torch import nn

torch.manual_seed(100)
X, y = make_moons(1500, noise=0.2, random_state=9)
X, y = torch.tensor(X, dtype=torch.float32), torch.tensor(y, dtype=torch.float32)
net = nn.Sequential(nn.Linear(2, 32), nn.ReLU(), nn.Linear(32, 32), nn.ReLU(), nn.Linear(32, 1))
opt = torch.optim.RMSprop(net.parameters(), lr=2e-3)
for epoch in range(25):
    for k in torch.randperm(1000).split(25):
        opt.zero_grad()
        nn.functional.binary_cross_entropy_with_logits(net(X[k])[:, 0], y[k]).backward()
        opt.step()
print("test accuracy", ((net(X[1000:])[:, 0] > 0).float() == y[1000:]).float().mean().item())
