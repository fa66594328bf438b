# fault: unfit-activation
import torch
import torch.nn as nn
import torch.nn.functional as F

# compress 16 mixed signals into 8 compact codes and restore them
torch.manual_seed(9)
sources = torch.rand(2400, 5) * 2 - 1
mix1, mix2 = torch.randn(5, 24), torch.randn(24, 16)
signals = torch.tanh(sources @ mix1 / 5 ** 0.5) @ mix2 / 24 ** 0.5
signals = (signals - signals.mean(0)) / signals.std(0)
train, test = signals[:2000], signals[2000:]


class Codec(nn.Module):
    def __init__(self):
        super().__init__()
        self.enc1 = nn.Linear(16, 48)
        self.enc2 = nn.Linear(48, 8)
        self.dec1 = nn.Linear(8, 48)
        self.dec2 = nn.Linear(48, 16)

    def encode(self, x):
        x = F.relu(self.enc1(x))
        return torch.sign(self.enc2(x))

    def forward(self, x):
        return self.dec2(F.relu(self.dec1(self.encode(x))))


codec = Codec()
opt = torch.optim.Adam(codec.parameters(), lr=2e-3)
for epoch in range(25):
    for rows in torch.randperm(2000).split(50):
        loss = F.mse_loss(codec(train[rows]), train[rows])
        opt.zero_grad()
        loss.backward()
        opt.step()
    if epoch % 2 == 0:
        with torch.no_grad():
            print(f'epoch {epoch}, train {F.mse_loss(codec(train), train):.4f}, test {F.mse_loss(codec(test), test):.4f}')
