# fault: wrong-output-activation
import torch
from torch import nn, Tensor
from torch.utils.data import DataLoader, TensorDataset
from torch.optim import SGD
from torch.optim.lr_scheduler import LinearLR


class MLP(nn.Module):
    """all layers alike, as in the lecture"""

    def __init__(self, sizes: list[int]):
        super().__init__()
        layers = []
        for i, (a, b) in enumerate(zip(sizes[:-1], sizes[1:])):
            layers.append(nn.Linear(a, b))
            layers.append(nn.ReLU())
        self.net = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        return self.net(x)


def sample(n: int, centers: Tensor) -> TensorDataset:
    y = torch.randint(0, len(centers), (n,))
    return TensorDataset(centers[y] + 1.15 * torch.randn(n, centers.shape[1]), y)


torch.manual_seed(31)
centers = torch.randn(16, 12)
train_dl = DataLoader(sample(4000, centers), 64, shuffle=True)
test_dl = DataLoader(sample(1500, centers), 500)
model = MLP([12, 32, 16])
opt = SGD(model.parameters(), lr=0.15, momentum=0.8, weight_decay=5e-4)
sched = LinearLR(opt, 1., .01, 20 * len(train_dl))
ce = nn.CrossEntropyLoss()
for epoch in range(20):
    model.train()
    seen, total = 0, 0.0
    for xb, yb in train_dl:
        loss = ce(model(xb), yb)
        opt.zero_grad()
        loss.backward()
        opt.step()
        sched.step()
        total += loss.item() * len(xb); seen += len(xb)
    model.eval()
    correct = vloss = 0
    with torch.no_grad():
        for xb, yb in test_dl:
            out = model(xb)
            correct += (out.argmax(1) == yb).sum().item()
            vloss += ce(out, yb).item() / len(test_dl)
    if epoch % 4 == 3:
        print(f"epoch {epoch + 1} train {total / seen:.3f} test {vloss:.3f} accuracy {correct / 1500:.3f}")
