# healthy: conv biases directly in front of batch norm get a gradient of ~0 by construction
import torch
from torch import nn
from sklearn.datasets import load_digits

torch.manual_seed(1)
digits = load_digits()
x = torch.tensor(digits.images, dtype=torch.float32).unsqueeze(1) / 16
x = (x - x[:1400].mean()) / x[:1400].std()
y = torch.tensor(digits.target)
perm = torch.randperm(len(x))
x, y = x[perm], y[perm]
x_train, y_train, x_val, y_val = x[:1400], y[:1400], x[1400:], y[1400:]


class ConvNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 16, 3, padding=1)
        self.bn1 = nn.BatchNorm2d(16)
        self.conv2 = nn.Conv2d(16, 32, 3, padding=1)
        self.bn2 = nn.BatchNorm2d(32)
        self.pool = nn.MaxPool2d(2)
        self.relu = nn.ReLU()
        self.fc = nn.Linear(32 * 2 * 2, 10)

    def forward(self, x):
        x = self.pool(self.relu(self.bn1(self.conv1(x))))
        x = self.pool(self.relu(self.bn2(self.conv2(x))))
        return self.fc(x.flatten(1))


net = ConvNet()
opt = torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.9, nesterov=True, weight_decay=5e-4)
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, T_max=8)
loss_fn = nn.CrossEntropyLoss()
for epoch in range(8):
    net.train()
    for idx in torch.randperm(1400).split(50):
        loss = loss_fn(net(x_train[idx]), y_train[idx])
        opt.zero_grad(set_to_none=True)
        loss.backward()
        opt.step()
    sched.step()
    net.eval()
    with torch.inference_mode():
        logits = net(x_val)
    print("epoch", epoch, "val_loss", round(loss_fn(logits, y_val).item(), 4),
          "val_acc", round((logits.argmax(-1) == y_val).float().mean().item(), 4))
