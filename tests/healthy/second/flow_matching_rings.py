# healthy
# Conditional flow matching: regress a velocity field, then integrate it. EMA weights used to sample.
import copy, torch, torch.nn as nn
torch.manual_seed(0)
def rings(n):
    r = 1.0 + torch.randint(0, 2, (n,)) + 0.07 * torch.randn(n)
    a = torch.rand(n) * 6.283185
    return torch.stack([r * a.cos(), r * a.sin()], 1) / 1.2
v = nn.Sequential(nn.Linear(3, 128), nn.ELU(), nn.Linear(128, 128), nn.ELU(), nn.Linear(128, 128), nn.ELU(), nn.Linear(128, 2))
ema = copy.deepcopy(v).requires_grad_(False)
opt = torch.optim.Adam(v.parameters(), lr=2e-3)
S = 1500
sch = torch.optim.lr_scheduler.CosineAnnealingLR(opt, S)
def fm_loss(net, x1, x0, t):
    xt = (1 - t) * x0 + t * x1
    return ((net(torch.cat([xt, t], 1)) - (x1 - x0)) ** 2).mean()
hx, h0, ht = rings(4000), torch.randn(4000, 2), torch.rand(4000, 1)
run = 0
for step in range(1, S + 1):
    x1 = rings(256)
    loss = fm_loss(v, x1, torch.randn_like(x1), torch.rand(256, 1))
    opt.zero_grad(); loss.backward(); opt.step(); sch.step()
    with torch.no_grad():
        for p, q in zip(v.parameters(), ema.parameters()): q.lerp_(p, 0.01)
    run += loss.item()
    if step % 125 == 0:
        with torch.no_grad(): print(f"step {step} flow loss {run/125:.4f} held-out (ema) {fm_loss(ema, hx, h0, ht).item():.4f}"); run = 0
with torch.no_grad():
    x = torch.randn(2000, 2)
    for k in range(50):
        x = x + ema(torch.cat([x, torch.full((2000, 1), k / 50)], 1)) / 50
    a = rings(2000)
    r = x.norm(dim=1) * 1.2
    on = (torch.minimum((r - 1).abs(), (r - 2).abs()) < 0.2).float().mean().item()
    print("share of samples near a ring", on, "energy distance", (2*torch.cdist(a, x).mean()-torch.cdist(a, a).mean()-torch.cdist(x, x).mean()).item())
