# healthy
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(5)


def gene_panel(n):
    """40 expression levels, a non-linear phenotype score driven by six of them"""
    x = torch.randn(n, 40)
    y = 1.2 * x[:, 0] - x[:, 3] + 1.6 * F.relu(x[:, 7]) + .7 * torch.tanh(2 * x[:, 11]) - .6 * x[:, 20] + .5 * x[:, 33].abs()
    return x, ((y - 1.0) / 2.0 + .1 * torch.randn(n)).unsqueeze(1)


class Predictor(nn.Module):
    def __init__(self):
        super().__init__()
        self.h1 = nn.Linear(40, 48)
        self.h2 = nn.Linear(48, 24)
        self.out = nn.Linear(24, 1)

    def forward(self, x):
        return self.out(F.relu(self.h2(F.relu(self.h1(x)))))

    def l1(self):
        return sum(p.abs().sum() for p in self.parameters())


X, Y = gene_panel(6000)
Xv, Yv = gene_panel(1500)
lam = 3e-4
model = Predictor()
opt = torch.optim.Adam(model.parameters(), lr=2e-3)
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, 20)
for epoch in range(20):
    model.train()
    data_term = 0.
    for rows in torch.randperm(len(X)).split(75):
        mse = F.mse_loss(model(X[rows]), Y[rows])
        loss = mse + lam * model.l1()
        opt.zero_grad()
        loss.backward()
        opt.step()
        data_term += mse.item() / 80
    sched.step()
    model.eval()
    with torch.no_grad():
        v = F.mse_loss(model(Xv), Yv).item()
    if epoch % 3 == 1:
        print(f'epoch {epoch:2d}  mse {data_term:.4f}  val mse {v:.4f}  R2 {1 - v / Yv.var().item():.4f}  L1 norm {model.l1().item():.1f}')
