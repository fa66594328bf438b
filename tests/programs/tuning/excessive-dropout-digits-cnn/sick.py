# fault: excessive-dropout
import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import load_digits

KEEP = 0.9


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 16, kernel_size=3, padding=1)
        self.conv2 = nn.Conv2d(16, 16, kernel_size=3, padding=1)
        self.drop1 = nn.Dropout(KEEP)
        self.drop2 = nn.Dropout(KEEP)
        self.fc1 = nn.Linear(16 * 4, 48)
        self.fc2 = nn.Linear(48, 10)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.conv1(x)), 2)
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        x = self.drop1(x.flatten(1))
        x = self.drop2(F.relu(self.fc1(x)))
        return self.fc2(x)


torch.manual_seed(88)
data = load_digits()
X = torch.FloatTensor(data.images)[:, None]
X = (X - X.mean()) / X.std()
Y = torch.LongTensor(data.target)
perm = torch.randperm(len(X))
tr, te = perm[:1440], perm[1440:]

model = Model()
optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
for epoch in range(12):
    model.train()
    correct, total_loss = 0, 0.
    for b in tr[torch.randperm(len(tr))].split(48):
        out = model(X[b])
        loss = F.cross_entropy(out, Y[b])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total_loss += loss.item() * len(b)
        correct += (out.argmax(1) == Y[b]).sum().item()
    model.eval()
    with torch.no_grad():
        out = model(X[te])
        print(f'{epoch}: train loss {total_loss / 1440:.3f} train acc {correct / 1440:.3f} | test loss {F.cross_entropy(out, Y[te]):.3f} test acc {(out.argmax(1) == Y[te]).float().mean():.3f}')
