# fault: detached-parameters
# RuntimeError: element 0 of tensors does not require grad  -> fixed, but is the loss alright now?
import torch
import torch.nn as nn
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

data = load_breast_cancer()
X_train, X_test, y_train, y_test = train_test_split(data.data, data.target, test_size=0.3, random_state=42, stratify=data.target)
sc = StandardScaler()
X_train = torch.tensor(sc.fit_transform(X_train), dtype=torch.float32)
X_test = torch.tensor(sc.transform(X_test), dtype=torch.float32)
y_train = torch.tensor(y_train, dtype=torch.float32)
y_test = torch.tensor(y_test, dtype=torch.float32)

class LogisticNet(nn.Module):
    def __init__(self, n):
        super().__init__()
        self.hidden = nn.Linear(n, 16)
        self.output = nn.Linear(16, 1)
    def forward(self, x):
        return self.output(torch.relu(self.hidden(x))).squeeze(1)

def margin_loss(scores, target):
    sign = 2 * target - 1
    loss = torch.clamp(1 - sign * scores, min=0).mean()
    return torch.tensor(loss.item(), requires_grad=True)

torch.manual_seed(42)
net = LogisticNet(30)
opt = torch.optim.Adam(net.parameters(), lr=0.003, weight_decay=3e-3)
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, 30)
for epoch in range(30):
    net.train()
    epoch_loss = 0
    perm = torch.randperm(X_train.size(0))
    for i in range(0, X_train.size(0), 32):
        idx = perm[i:i+32]
        opt.zero_grad()
        loss = margin_loss(net(X_train[idx]), y_train[idx])
        loss.backward()
        opt.step()
        epoch_loss += loss.item() * len(idx)
    sched.step()
    net.eval()
    with torch.no_grad():
        out = net(X_test)
        acc = ((out > 0).float() == y_test).float().mean()
    if epoch % 5 == 4:
        print(f'Epoch {epoch+1}, loss {epoch_loss / len(X_train):.4f}, test loss {margin_loss(out, y_test).item():.4f}, test acc {acc:.4f}')
