# healthy
# Concrete strength from mixture (standardised), plain script
import torch
import torch.nn.functional as F


def mixture(n, g):
    u = torch.rand(n, 6, generator=g)
    cement, slag, water, plast, age, agg = u.T
    s = 40 * cement + 18 * slag - 35 * water * (1 - .6 * plast) + 16 * torch.log1p(9 * age) + 6 * agg * cement
    return (u - .5) / .289, s + 1.5 * torch.randn(n, generator=g)


g = torch.Generator().manual_seed(12)
x, y = mixture(4000, g)
xt, yt = mixture(1000, g)
m, s = y.mean(), y.std()
y, yt = (y - m) / s, (yt - m) / s

torch.manual_seed(12)
net = torch.nn.Sequential(torch.nn.Linear(6, 50), torch.nn.ReLU(), torch.nn.Linear(50, 50), torch.nn.ReLU(),
                          torch.nn.Linear(50, 1), torch.nn.Flatten(0))
optimizer = torch.optim.NAdam(net.parameters(), lr=2e-3)
schedule = torch.optim.lr_scheduler.MultiStepLR(optimizer, [12, 18, 22], .3)
for epoch in range(25):
    tot = 0
    for idx in torch.randperm(4000, generator=g).split(40):
        loss = F.mse_loss(net(x[idx]), y[idx])
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        tot += loss.item() / 100
    schedule.step()
    if epoch % 3 == 0:
        with torch.no_grad():
            test = F.mse_loss(net(xt), yt).item()
        print(f'epoch {epoch:2d} train {tot:.4f} test {test:.4f} rmse {s * test ** .5:.2f} MPa')
