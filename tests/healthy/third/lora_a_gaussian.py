# healthy
# A starts Gaussian, B at zero
"""LoRA fine-tuning of a small digits network on shifted digits."""
import torch
import torch.nn.functional as F
from sklearn.datasets import load_digits
from torch import nn


class LoRALinear(nn.Module):
    def __init__(self, base: nn.Linear, r: int = 4, alpha: float = 8.0):
        super().__init__()
        self.base = base
        for p in self.base.parameters():
            p.requires_grad_(False)
        self.A = nn.Parameter(torch.randn(r, base.in_features) / 8)
        self.B = nn.Parameter(torch.zeros(base.out_features, r))
        self.scaling = alpha / r

    def forward(self, x):
        return self.base(x) + self.scaling * (x @ self.A.T @ self.B.T)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(64, 64)
        self.fc2 = nn.Linear(64, 64)
        self.head = nn.Linear(64, 10)

    def forward(self, x):
        return self.head(F.relu(self.fc2(F.relu(self.fc1(x)))))


def run_epoch(net, x, y, opt):
    for b in torch.randperm(len(x)).split(64):
        loss = F.cross_entropy(net(x[b]), y[b])
        opt.zero_grad()
        loss.backward()
        opt.step()
    return loss.item()


torch.manual_seed(3)
data = load_digits()
x = torch.tensor(data.images, dtype=torch.float32) / 16
y = torch.tensor(data.target)
perm = torch.randperm(len(x))
x, y = x[perm], y[perm]
source, shifted = x.flatten(1), x.transpose(1, 2).flatten(1)

net = Net()
opt = torch.optim.Adam(net.parameters(), lr=2e-3)
for _ in range(8):
    run_epoch(net, source[:1300], y[:1300], opt)
print("source acc", (net(source[1300:]).argmax(1) == y[1300:]).float().mean().item())

net.fc1, net.fc2, net.head = LoRALinear(net.fc1), LoRALinear(net.fc2), LoRALinear(net.head)
trainable = [p for p in net.parameters() if p.requires_grad]
print("trainable parameters:", sum(p.numel() for p in trainable))
opt = torch.optim.Adam(trainable, lr=5e-3)
for epoch in range(15):
    loss = run_epoch(net, shifted[:1300], y[:1300], opt)
    with torch.no_grad():
        acc = (net(shifted[1300:]).argmax(1) == y[1300:]).float().mean().item()
    print(f"epoch {epoch} loss {loss:.3f} acc on transposed digits {acc:.3f}")
