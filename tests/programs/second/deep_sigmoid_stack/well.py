# healthy
import torch
import torch.nn as nn
from sklearn.datasets import make_gaussian_quantiles
from sklearn.model_selection import train_test_split

torch.manual_seed(8)
X, y = make_gaussian_quantiles(n_samples=10000, n_features=5, n_classes=4, random_state=8)
Xa, Xb, ya, yb = [torch.as_tensor(v) for v in train_test_split(X, y, test_size=.2, random_state=8)]
Xa, Xb = Xa.float(), Xb.float()


class DeepNet(nn.Module):
    def __init__(self, n_in=5, width=32, depth=9, n_out=4):
        super().__init__()
        self.inp = nn.Linear(n_in, width)
        self.hidden = nn.ModuleList(nn.Linear(width, width) for _ in range(depth))
        self.out = nn.Linear(width, n_out)
        self.act = nn.ReLU()
        for m in [self.inp, *self.hidden]:
            nn.init.kaiming_normal_(m.weight, nonlinearity='relu')
            nn.init.zeros_(m.bias)

    def forward(self, x):
        x = self.act(self.inp(x))
        for layer in self.hidden:
            x = self.act(layer(x))
        return self.out(x)


model = DeepNet()
opt = torch.optim.SGD(model.parameters(), lr=.03, momentum=.9, weight_decay=1e-4)
EPOCHS = 12
sched = torch.optim.lr_scheduler.OneCycleLR(opt, .04, total_steps=EPOCHS * 100)
best = 0
for epoch in range(EPOCHS):
    model.train()
    losses = torch.zeros(100)
    for k, idx in enumerate(torch.randperm(8000).split(80)):
        opt.zero_grad()
        loss = nn.functional.cross_entropy(model(Xa[idx]), ya[idx])
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 10.)
        opt.step()
        sched.step()
        losses[k] = loss.detach()
    model.eval()
    with torch.no_grad():
        out = model(Xb)
    acc = (out.argmax(1) == yb).float().mean().item()
    best = max(best, acc)
    if epoch % 2 == 0:
        print(f'epoch {epoch} train {losses.mean():.4f} valid {nn.functional.cross_entropy(out, yb):.4f} acc {acc:.3f} best {best:.3f}')
