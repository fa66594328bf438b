# fault: excessive-regularization
import torch
import torch.nn as nn
from sklearn.datasets import make_swiss_roll


class L2Penalty:
    def __init__(self, model, lam):
        self.params = [p for n, p in model.named_parameters() if n.endswith('weight')]
        self.lam = lam

    def __call__(self):
        return self.lam * sum(p.pow(2).sum() for p in self.params)


class RollNet(nn.Module):
    def __init__(self, width=40):
        super().__init__()
        self.fc1 = nn.Linear(3, width)
        self.fc2 = nn.Linear(width, width)
        self.fc3 = nn.Linear(width, 1)
        self.act = nn.ReLU()

    def forward(self, x):
        return self.fc3(self.act(self.fc2(self.act(self.fc1(x)))))


torch.manual_seed(44)
X, t = make_swiss_roll(2500, noise=0.3, random_state=44)
X = torch.tensor((X - X[:2000].mean(0)) / X[:2000].std(0), dtype=torch.float32)
t = torch.tensor((t - t[:2000].mean()) / t[:2000].std(), dtype=torch.float32).unsqueeze(1)
Xtr, ttr, Xva, tva = X[:2000], t[:2000], X[2000:], t[2000:]

model = RollNet()
mse = nn.MSELoss()
penalty = L2Penalty(model, lam=0.3)
opt = torch.optim.Adam(model.parameters(), lr=2e-3)
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, 30)
for epoch in range(30):
    fit = 0.0
    for i in torch.randperm(2000).split(50):
        opt.zero_grad()
        err = mse(model(Xtr[i]), ttr[i])
        loss = err + penalty()
        loss.backward()
        opt.step()
        fit += err.item() / 40
    sched.step()
    with torch.no_grad():
        v = mse(model(Xva), tva).item()
    if epoch % 3 == 2:
        print(f'epoch {epoch + 1:2d}  fit {fit:.4f}  penalty {penalty().item():.4f}  validation mse {v:.4f}')
