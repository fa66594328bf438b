# fault: overfitting
# disease progression (sklearn diabetes, 442 patients)
import torch
import torch.nn as nn
from sklearn.datasets import load_diabetes

torch.manual_seed(0)
X, y = load_diabetes(return_X_y=True, scaled=False)
X, y = torch.tensor(X, dtype=torch.float32), torch.tensor(y, dtype=torch.float32).unsqueeze(1)
idx = torch.randperm(442)
tr, va = idx[:300], idx[300:]
X = (X - X[tr].mean(0)) / X[tr].std(0)
y = (y - y[tr].mean()) / y[tr].std()

layers = [10, 128, 128, 1]
wd, n_epochs = 0., 150
net = nn.Sequential()
for k, (a, b) in enumerate(zip(layers, layers[1:])):
    net.add_module(f'fc{k}', nn.Linear(a, b))
    if b > 1:
        net.add_module(f'act{k}', nn.SiLU())
opt = torch.optim.AdamW(net.parameters(), lr=2e-3, weight_decay=wd)
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, n_epochs)
history = {'train': [], 'val': []}
for epoch in range(n_epochs):
    net.train()
    total = 0
    for b in tr[torch.randperm(300)].split(30):
        opt.zero_grad()
        loss = nn.functional.mse_loss(net(X[b]), y[b])
        loss.backward()
        opt.step()
        total += loss.item() / 10
    sched.step()
    net.eval()
    with torch.no_grad():
        history['train'].append(total)
        history['val'].append(nn.functional.mse_loss(net(X[va]), y[va]).item())
    if epoch % (n_epochs // 6) == 0 or epoch == n_epochs - 1:
        print(f"{epoch:4d}  train {history['train'][-1]:.4f}  val {history['val'][-1]:.4f}")
print('best validation', min(history['val']))
