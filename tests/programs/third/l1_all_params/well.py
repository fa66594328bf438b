# healthy
# sparse regression network for gene expression -> phenotype (L1 on the weights)
import torch, numpy as np

torch.manual_seed(5)
r = np.random.default_rng(5)
n, p = 2400, 60
E = r.normal(size=(n, p))
pheno = 1.5 * np.tanh(E[:, 3]) - E[:, 10] + 0.8 * E[:, 20] * E[:, 21] + 0.6 * np.maximum(E[:, 42], 0) + 0.3 * r.normal(size=n)
pheno = (pheno - pheno.mean()) / pheno.std()
E, pheno = torch.tensor(E).float(), torch.tensor(pheno).float()

net = torch.nn.Sequential(torch.nn.Linear(p, 40), torch.nn.ReLU(), torch.nn.Linear(40, 1), torch.nn.Flatten(0))
opt = torch.optim.Adam(net.parameters(), lr=3e-3)
lam = 2e-3


def penalty():
    return sum(w.abs().sum() for name, w in net.named_parameters() if "weight" in name)


sched = torch.optim.lr_scheduler.StepLR(opt, 12, 0.2)
for epoch in range(30):
    net.train()
    fit = 0
    for b in torch.randperm(1900).split(38):
        opt.zero_grad()
        mse = (net(E[b]) - pheno[b]).pow(2).mean()
        (mse + lam * penalty()).backward()
        opt.step()
        fit += mse.item() / 50
    sched.step()
    net.eval()
    with torch.no_grad():
        v = (net(E[1900:]) - pheno[1900:]).pow(2).mean().item()
    print(f"{epoch:2d} mse {fit:.4f} l1 {penalty().item():.2f} val mse {v:.4f} val r2 {1 - v / pheno[1900:].var().item():.4f}")
