# healthy
import torch
from torch import nn
from sklearn.datasets import load_wine
from sklearn import preprocessing
import random

random.seed(0); torch.manual_seed(0)
wine = load_wine()
rows = list(zip(preprocessing.scale(wine.data).tolist(), wine.target.tolist()))
random.shuffle(rows)
split = int(len(rows) * 0.75)
train_rows, val_rows = rows[:split], rows[split:]

def collate(rows):
    x, y = zip(*rows)
    return torch.tensor(x), torch.tensor(y)

train_dl = torch.utils.data.DataLoader(train_rows, batch_size=8, shuffle=True, collate_fn=collate)
val_dl = torch.utils.data.DataLoader(val_rows, batch_size=64, shuffle=False, collate_fn=collate)

class WineNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(13, 16), nn.ReLU(), nn.Linear(16, 3))
    def forward(self, x):
        return self.layers(x)

net = WineNet()
loss_function = nn.CrossEntropyLoss()
opt = torch.optim.Adam(net.parameters(), lr=2e-3, weight_decay=1e-2)
for epoch in range(25):
    net.train()
    train_loss = 0
    for x, y in train_dl:
        opt.zero_grad()
        loss = loss_function(net(x), y)
        loss.backward()
        opt.step()
        train_loss += loss.item() / len(train_dl)
    net.eval()
    val_loss = correct = 0
    with torch.no_grad():
        for x, y in val_dl:
            out = net(x)
            val_loss += loss_function(out, y).item() / len(val_dl)
            correct += (out.argmax(1) == y).sum().item()
    print(f"epoch={epoch} train_loss={train_loss:.4f} val_loss={val_loss:.4f} val_acc={correct/len(val_rows):.3f}")
