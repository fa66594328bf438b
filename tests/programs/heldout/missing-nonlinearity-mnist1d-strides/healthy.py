# healthy
import torch
from torch import nn
from mnist1d.data import make_dataset, get_dataset_args

a = get_dataset_args()
a.num_samples = 3000
a.seed = 9
d = make_dataset(a)
torch.manual_seed(9)


def tens(x, y):
    return torch.as_tensor(x).float()[:, None], torch.as_tensor(y).long()


xt, yt = tens(d["x"], d["y"])
xv, yv = tens(d["x_test"], d["y_test"])
mu, sd = xt.mean(), xt.std()
xt, xv = (xt - mu) / sd, (xv - mu) / sd


class Encoder(nn.Module):
    def __init__(self, channels=(1, 32, 48, 48)):
        super().__init__()
        self.convs = nn.ModuleList(
            nn.Conv1d(i, o, 5, stride=2, padding=2) for i, o in zip(channels, channels[1:])
        )
        self.out_features = channels[-1] * 5

    def forward(self, x):
        for conv in self.convs:
            x = torch.relu(conv(x))
        return x.flatten(1)


class Classifier(nn.Module):
    def __init__(self):
        super().__init__()
        self.enc = Encoder()
        self.drop = nn.Dropout(0.3)
        self.head = nn.Linear(self.enc.out_features, 10)

    def forward(self, x):
        return self.head(self.drop(self.enc(x)))


net = Classifier()
optim = torch.optim.AdamW(net.parameters(), lr=3e-3, weight_decay=0.02)
sched = torch.optim.lr_scheduler.CosineAnnealingLR(optim, 18)
ce = nn.CrossEntropyLoss()
for ep in range(18):
    net.train()
    acc_loss = 0.
    for i in torch.randperm(len(xt)).split(64):
        optim.zero_grad()
        l = ce(net(xt[i]), yt[i])
        l.backward()
        optim.step()
        acc_loss += l.item() * len(i)
    sched.step()
    net.eval()
    with torch.no_grad():
        o = net(xv)
    print(f"ep {ep:2d} train {acc_loss / len(xt):.3f} val {ce(o, yv).item():.3f} acc {(o.argmax(1) == yv).float().mean().item():.3f}")
