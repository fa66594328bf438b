# healthy
import torch
from torch import nn
from sklearn.datasets import load_digits
import numpy as np

# GPU memory was tight on the laptop...
BATCH = 64
torch.manual_seed(13)
d = load_digits()
o = np.random.RandomState(13).permutation(len(d.target))
x = torch.tensor(d.images[o], dtype=torch.float32).unsqueeze(1).sub(4.88).div(6.02)
t = torch.tensor(d.target[o])
train = torch.utils.data.TensorDataset(x[:1400], t[:1400])
valid = (x[1400:], t[1400:])


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.proj = nn.Sequential(nn.Flatten(), nn.Linear(64, 64), nn.BatchNorm1d(64), nn.ReLU(),
                                  nn.Linear(64, 64), nn.BatchNorm1d(64), nn.ReLU())
        self.head = nn.Linear(64, 10)

    def forward(self, x):
        return self.head(self.proj(x))


net = Net()
opt = torch.optim.Adam(net.parameters(), lr=1e-3)
ce = nn.CrossEntropyLoss()
for ep in range(8):
    net.train()
    run = n = 0
    for xb, tb in torch.utils.data.DataLoader(train, batch_size=BATCH, shuffle=True, drop_last=True):
        opt.zero_grad()
        loss = ce(net(xb), tb)
        loss.backward()
        opt.step()
        run += loss.item() * len(xb); n += len(xb)
    net.eval()
    with torch.no_grad():
        z = net(valid[0])
    print("ep", ep, "loss %.4f" % (run / n), "val_loss %.4f" % ce(z, valid[1]).item(), "val_acc %.4f" % (z.argmax(1) == valid[1]).float().mean().item())
