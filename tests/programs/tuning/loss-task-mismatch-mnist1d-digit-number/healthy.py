# healthy
import torch
import torch.nn as nn
import torch.nn.functional as F
from mnist1d.data import get_dataset_args, make_dataset

torch.manual_seed(17)

cfg = get_dataset_args()
cfg.num_samples = 3000
cfg.corr_noise_scale = 0.05
cfg.iid_noise_scale = 0.01
cfg.max_translation = 16
raw = make_dataset(cfg)
X, Xt = (torch.tensor(raw[k]).float()[:, None] for k in ("x", "x_test"))
Y, Yt = (torch.tensor(raw[k]).long() for k in ("y", "y_test"))


class ConvNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.c1 = nn.Conv1d(1, 20, 5, padding=2)
        self.c2 = nn.Conv1d(20, 20, 5, padding=2)
        self.out = nn.Linear(200, 10)

    def forward(self, x):
        x = F.max_pool1d(F.relu(self.c1(x)), 2)
        x = F.max_pool1d(F.relu(self.c2(x)), 2)
        return self.out(x.flatten(1))


def accuracy(out, y):
    return (out.argmax(1) == y).float().mean().item()


net = ConvNet()
opt = torch.optim.AdamW(net.parameters(), lr=2e-3)
crit = nn.CrossEntropyLoss()
for epoch in range(10):
    net.train()
    for i in torch.randperm(len(X)).split(50):
        loss = crit(net(X[i]), Y[i])
        opt.zero_grad()
        loss.backward()
        opt.step()
    net.eval()
    with torch.no_grad():
        print(f"{epoch}: train {crit(net(X), Y):.3f} test {crit(net(Xt), Yt):.3f} test acc {accuracy(net(Xt), Yt):.3f}")
