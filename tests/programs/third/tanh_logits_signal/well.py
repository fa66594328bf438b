# healthy
import torch
import torch.nn as nn
from mnist1d.data import make_dataset, get_dataset_args

torch.manual_seed(77)


def conv_bn(cin, cout, k, s):
    return nn.Sequential(nn.Conv1d(cin, cout, k, s, k // 2, bias=False), nn.BatchNorm1d(cout), nn.ReLU(inplace=True))


class SignalNet(nn.Module):
    """stack of identical stages; every stage = linear map + ReLU"""

    def __init__(self, n_classes=10, width=32):
        super().__init__()
        self.stem = conv_bn(1, width, 5, 1)
        self.stage1 = conv_bn(width, width, 3, 2)
        self.stage2 = conv_bn(width, width, 3, 2)
        self.fc1 = nn.Linear(width * 10, 64)
        self.fc2 = nn.Linear(64, n_classes)
        self.act = nn.ReLU()
        self.drop = nn.Dropout(0.3)

    def forward(self, x):
        x = self.stage2(self.stage1(self.stem(x.unsqueeze(1))))
        x = self.act(self.fc1(self.drop(x.flatten(1))))
        x = self.fc2(x)
        return x


dataset = make_dataset(get_dataset_args())
as_t = lambda k, dt: torch.tensor(dataset[k]).to(dt)
xtr, ytr = as_t("x", torch.float32), as_t("y", torch.long)
xte, yte = as_t("x_test", torch.float32), as_t("y_test", torch.long)
mean, std = xtr.mean(), xtr.std()
xtr, xte = (xtr - mean) / std, (xte - mean) / std
net = SignalNet()
opt = torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.9, weight_decay=2e-3)
steps = 12 * 63
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, T_max=steps)
criterion = nn.CrossEntropyLoss()
for epoch in range(12):
    net.train()
    losses = []
    for idx in torch.randperm(len(xtr)).split(64):
        opt.zero_grad()
        l = criterion(net(xtr[idx]), ytr[idx])
        l.backward()
        opt.step()
        sched.step()
        losses.append(l.item())
    net.eval()
    with torch.inference_mode():
        out = net(xte)
        print(f"epoch {epoch:2d} train {sum(losses)/len(losses):.4f} test {criterion(out, yte):.4f} acc {(out.argmax(1)==yte).float().mean():.4f}")
