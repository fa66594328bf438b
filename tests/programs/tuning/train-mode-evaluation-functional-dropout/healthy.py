# healthy
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(16)


class SurfaceNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Linear(4, 100)
        self.b = nn.Linear(100, 100)
        self.c = nn.Linear(100, 1)

    def forward(self, x):
        x = F.relu(self.a(x))
        x = F.dropout(x, 0.2, training=self.training)
        x = F.relu(self.b(x))
        x = F.dropout(x, 0.2, training=self.training)
        return self.c(x)


X = torch.randn(2500, 4)
Y = torch.sin(X[:, :1] * 1.5) + X[:, 1:2] * X[:, 2:3] * 0.6 + 0.4 * X[:, 3:]
Y = (Y - Y.mean()) / Y.std()

net = SurfaceNet()
opt = torch.optim.Adam(net.parameters(), lr=2e-3)
for epoch in range(20):
    net.train()
    train_loss = 0
    for i in torch.randperm(2000).split(50):
        opt.zero_grad()
        loss = F.mse_loss(net(X[i]), Y[i])
        loss.backward()
        opt.step()
        train_loss += loss.item() / 40
    net.eval()
    with torch.no_grad():
        val_loss = F.mse_loss(net(X[2000:]), Y[2000:]).item()
    print(f'[{epoch}] train {train_loss:.4f} val {val_loss:.4f}')
