# healthy
import torch
import torch.nn as nn

torch.manual_seed(10)


class DeepRegressor(nn.Module):
    def __init__(self, n_in, width, n_blocks):
        super().__init__()
        self.inp = nn.Linear(n_in, width)
        self.blocks = nn.ModuleList([nn.Linear(width, width) for _ in range(n_blocks)])
        self.out = nn.Linear(width, 1)

    def forward(self, x):
        x = torch.relu(self.inp(x))
        for block in self.blocks:
            x = torch.relu(block(x))
        return self.out(x)


# peak power of a small wind turbine from wind speed, direction and density
wind = torch.rand(3000, 1) * 20
direction = torch.rand(3000, 1) * 6.28
density = 1.2 + 0.05 * torch.randn(3000, 1)
power = density * torch.clamp(wind * torch.cos(direction / 2).abs(), 3, 12) ** 3 / 100
power = power + 0.2 * torch.randn(3000, 1)
X = torch.cat([wind, torch.sin(direction), torch.cos(direction), density], 1)
X = (X - X.mean(0)) / X.std(0)
Y = (power - power.mean()) / power.std()

model = DeepRegressor(4, 32, 5)
optimizer = torch.optim.SGD(model.parameters(), lr=0.02, momentum=0.9)
loss_fn = nn.MSELoss()
for epoch in range(20):
    order = torch.randperm(2500)
    epoch_loss = 0
    for i in range(0, 2500, 50):
        rows = order[i:i+50]
        optimizer.zero_grad()
        loss = loss_fn(model(X[rows]), Y[rows])
        loss.backward()
        optimizer.step()
        epoch_loss += loss.item() / 50
    with torch.no_grad():
        val = loss_fn(model(X[2500:]), Y[2500:]).item()
    print('epoch', epoch, 'train', round(epoch_loss, 4), 'val', round(val, 4))
