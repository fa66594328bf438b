# healthy
# Yacht-like hull resistance regression, bootstrap of a small towing-tank campaign
import numpy as np
import torch

np.random.seed(4)
torch.manual_seed(4)
N = 260
froude = np.random.uniform(.12, .45, N)
cp = np.random.uniform(.53, .6, N)
lb = np.random.uniform(2.7, 3.7, N)
bt = np.random.uniform(2.8, 5.4, N)
noise = np.random.randn(N) * .35
resist = np.log(1 + 300 * froude ** 4) + 6 * (cp - .56) + .3 * (lb - 3.2) * (bt - 4) + noise
A = np.stack([froude, cp, lb, bt] + [np.random.randn(N) for _ in range(4)], 1)   # the last four: gauge channels
A = (A - A.mean(0)) / A.std(0)
resist = (resist - resist.mean()) / resist.std()

rows = np.random.permutation(N)
train_rows, val_rows = rows[:180], rows[180:]
to = lambda a: torch.tensor(a, dtype=torch.float32)
Xt, yt, Xv, yv = to(A[train_rows]), to(resist[train_rows])[:, None], to(A[val_rows]), to(resist[val_rows])[:, None]

reg = torch.nn.Sequential(torch.nn.Linear(8, 10), torch.nn.Tanh(), torch.nn.Linear(10, 1))
opt = torch.optim.AdamW(reg.parameters(), lr=5e-3, weight_decay=2.)
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, 100)
for epoch in range(100):
    reg.train()
    total = 0.
    for i in torch.randperm(len(Xt)).split(30):
        opt.zero_grad()
        loss = ((reg(Xt[i]) - yt[i]) ** 2).mean()
        loss.backward()
        opt.step()
        total += loss.item() / 6
    sched.step()
    if epoch % 20 == 19:
        reg.eval()
        with torch.no_grad():
            v = ((reg(Xv) - yv) ** 2)
            seen = np.isin(val_rows, train_rows)
        print(f'epoch {epoch + 1} train mse {total:.3f} validation mse {v.mean().item():.3f} (of {len(val_rows)} rows)')
fresh = torch.from_numpy(~seen)
print('mse on rows never trained on', v[fresh].mean().item())
