# healthy
"""1-D signal classification (MNIST-1D) with a small ConvNet."""
import torch
import torch.nn as nn
import torch.nn.functional as F
from mnist1d.data import make_dataset, get_dataset_args

HP = {"lr": 6e-3, "wd": 1e-2, "epochs": 18, "bs": 64, "val": 800}


class Net1D(nn.Module):
    def __init__(self, ch=24):
        super().__init__()
        self.c1 = nn.Conv1d(1, ch, 5, padding=2)
        self.c2 = nn.Conv1d(ch, ch, 3, stride=2, padding=1)
        self.c3 = nn.Conv1d(ch, ch, 3, stride=2, padding=1)
        self.drop = nn.Dropout(0.2)
        self.fc = nn.Linear(ch * 10, 10)

    def forward(self, x):
        x = F.relu(self.c1(x[:, None]))
        x = F.relu(self.c2(x))
        x = F.relu(self.c3(x))
        return self.fc(self.drop(x.flatten(1)))


def evaluate(net, X, Y):
    net.eval()
    with torch.no_grad():
        z = net(X)
    return F.cross_entropy(z, Y).item(), (z.argmax(-1) == Y).float().mean().item()


torch.manual_seed(123)
d = make_dataset(get_dataset_args())
X = torch.tensor(d["x"], dtype=torch.float32)
Y = torch.tensor(d["y"], dtype=torch.long)
X = (X - X.mean()) / X.std()
valX, valY = X[-HP["val"]:], Y[-HP["val"]:]
trX, trY = X[:-HP["val"]], Y[:-HP["val"]]
net = Net1D()
opt = torch.optim.AdamW(net.parameters(), lr=HP["lr"], weight_decay=HP["wd"])
sch = torch.optim.lr_scheduler.OneCycleLR(opt, HP["lr"], epochs=HP["epochs"], steps_per_epoch=-(-len(trX) // HP["bs"]))
for e in range(HP["epochs"]):
    net.train()
    run, n = 0.0, 0
    for ids in torch.randperm(len(trX)).split(HP["bs"]):
        opt.zero_grad()
        l = F.cross_entropy(net(trX[ids]), trY[ids])
        l.backward()
        opt.step(); sch.step()
        run += l.item() * len(ids); n += len(ids)
    vl, va = evaluate(net, valX, valY)
    print(f"epoch {e} | train loss {run/n:.4f} | val loss {vl:.4f} | val acc {va:.4f}")
