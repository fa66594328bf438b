# healthy
# 1-D convolutional classifier on MNIST-1D, fresh noise and shifts every epoch as augmentation
import numpy as np, torch, torch.nn as nn
from mnist1d.data import make_dataset, get_dataset_args

args = get_dataset_args()
args.num_samples = 6000
data = make_dataset(args)
torch.manual_seed(0)
x = torch.tensor(data["x"], dtype=torch.float32)[:, None]
y = torch.tensor(data["y"], dtype=torch.long)
xt = torch.tensor(data["x_test"], dtype=torch.float32)[:, None]
yt = torch.tensor(data["y_test"], dtype=torch.long)

class ConvNet(nn.Module):
    def __init__(self, ch=40):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv1d(1, ch, 5, stride=2, padding=2), nn.ReLU(),
            nn.Conv1d(ch, ch, 3, stride=2, padding=1), nn.ReLU(),
            nn.Conv1d(ch, ch, 3, stride=2, padding=1), nn.ReLU())
        self.drop = nn.Dropout(0.2)
        self.head = nn.Linear(ch * 5, 10)
    def forward(self, x):
        return self.head(self.drop(self.features(x).flatten(1)))

net = ConvNet()
opt = torch.optim.AdamW(net.parameters(), lr=4e-3, weight_decay=1e-2)
epochs, bs = 18, 100
steps = epochs * (len(x) // bs)
sched = torch.optim.lr_scheduler.OneCycleLR(opt, max_lr=6e-3, total_steps=steps)
lossf = nn.CrossEntropyLoss()
for ep in range(epochs):
    net.train()
    perm = torch.randperm(len(x)); tl = 0
    for k in range(len(x) // bs):
        i = perm[k * bs:(k + 1) * bs]
        xb = x[i] + 0.05 * torch.randn(len(i), 1, 40)
        xb = torch.roll(xb, int(torch.randint(-2, 3, (1,))), dims=2)
        loss = lossf(net(xb), y[i])
        opt.zero_grad(); loss.backward(); opt.step(); sched.step()
        tl += loss.item()
    net.eval()
    with torch.no_grad():
        o = net(xt)
    print(f"epoch {ep+1}: train {tl/(len(x)//bs):.3f} test {lossf(o, yt).item():.3f} acc {(o.argmax(1)==yt).float().mean():.3f}")
