# fault: missing-nonlinearity
# The activation module is built but left out of forward.
import torch
import torch.nn as nn

torch.manual_seed(3)
bits = torch.randint(0, 2, (3000, 4)).float()
label = (bits.sum(1) % 2).long()
x = bits * 2 - 1 + 0.15 * torch.randn(3000, 4)
dataset = torch.utils.data.TensorDataset(x, label)
train, valid = torch.utils.data.random_split(dataset, [2400, 600])


class ParityNet(nn.Module):
    def __init__(self, width=32):
        super().__init__()
        self.fc1 = nn.Linear(4, width)
        self.fc2 = nn.Linear(width, width)
        self.fc3 = nn.Linear(width, 2)
        self.act = nn.GELU()

    def forward(self, x):
        x = self.fc1(x)
        x = self.fc2(x)
        return self.fc3(x)


net = ParityNet()
opt = torch.optim.Adam(net.parameters(), lr=3e-3)
tl = torch.utils.data.DataLoader(train, batch_size=64, shuffle=True)
vl = torch.utils.data.DataLoader(valid, batch_size=600)
for epoch in range(15):
    s = 0
    for a, b in tl:
        opt.zero_grad()
        loss = nn.functional.cross_entropy(net(a), b)
        loss.backward()
        opt.step()
        s += loss.item()
    with torch.no_grad():
        for a, b in vl:
            print(epoch, round(s / len(tl), 4), "val acc", (net(a).argmax(1) == b).float().mean().item())
