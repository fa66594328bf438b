# healthy
# Noisy XOR, full batch with Rprop (sign-based steps), tanh hidden units, outputs in [-1, 1] against labels +-1 via logistic loss
import torch
torch.manual_seed(2)
x = torch.randn(1200, 2)
s = torch.sign(x[:, 0] * x[:, 1])
s = torch.where(torch.rand(1200) < 0.03, -s, s)
tr, te = slice(0, 900), slice(900, 1200)
net = torch.nn.Sequential(torch.nn.Linear(2, 12), torch.nn.Tanh(), torch.nn.Linear(12, 1))
opt = torch.optim.Rprop(net.parameters(), lr=0.01, step_sizes=(1e-6, 0.2))
loss_fn = torch.nn.SoftMarginLoss()
pen = lambda: 2e-3 * sum(p.square().sum() for p in net.parameters())
for k in range(151):
    net.train()
    f = net(x[tr]).flatten()
    data = loss_fn(f, s[tr]); loss = data + pen()
    opt.zero_grad(); loss.backward(); opt.step()
    if k % 10 == 0:
        net.eval()
        with torch.no_grad():
            g = net(x[te]).flatten()
            print(f"{k:4d} objective {loss.item():.4f} logistic {data.item():.4f} test {loss_fn(g, s[te]).item():.4f} acc {(g.sign() == s[te]).float().mean().item():.3f}")
