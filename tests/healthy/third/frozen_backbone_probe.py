# healthy
# backbone frozen on purpose, norm and head train
import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import load_digits

torch.manual_seed(13)
d = load_digits()
x = torch.tensor(d.images, dtype=torch.float32).unsqueeze(1) / 16
y = torch.tensor(d.target)
perm = torch.randperm(len(x))
x, y = x[perm], y[perm]


class SmallNet(nn.Module):
    def __init__(self, n_out):
        super().__init__()
        self.backbone = nn.Sequential(nn.Conv2d(1, 16, 3), nn.ReLU(), nn.Conv2d(16, 16, 3), nn.ReLU(), nn.Flatten())
        self.fc_norm = nn.LayerNorm(256)
        self.classifier = nn.Linear(256, n_out)

    def forward(self, z):
        return self.classifier(self.fc_norm(self.backbone(z)))


# pretraining: odd or even
net = SmallNet(2)
opt = torch.optim.Adam(net.parameters(), lr=2e-3)
for _ in range(4):
    for b in torch.randperm(1000).split(50):
        loss = F.cross_entropy(net(x[b]), y[b] % 2)
        opt.zero_grad(); loss.backward(); opt.step()
print("pretrained, odd/even acc", (net(x[1000:]).argmax(1) == y[1000:] % 2).float().mean().item())

net.classifier = nn.Linear(256, 10)
for name, param in net.named_parameters():
    if name.startswith("backbone"):
        param.requires_grad = False
opt = torch.optim.Adam(filter(lambda p: p.requires_grad, net.parameters()), lr=3e-3)
for epoch in range(15):
    for b in torch.randperm(1000).split(50):
        loss = F.cross_entropy(net(x[b]), y[b])
        opt.zero_grad(); loss.backward(); opt.step()
    with torch.no_grad():
        out = net(x[1000:])
        print(f"epoch {epoch} loss {loss.item():.3f} val {F.cross_entropy(out, y[1000:]).item():.3f} acc {(out.argmax(1) == y[1000:]).float().mean().item():.3f}")
