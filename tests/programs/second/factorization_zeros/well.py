# healthy
"""Matrix factorisation recommender with biases. Rank 8 latent factors as bare parameters."""
import numpy as np
import torch


class MF(torch.nn.Module):
    def __init__(self, n_users, n_items, rank, mean):
        super().__init__()
        self.mean = mean
        self.U = torch.nn.Parameter(torch.randn(n_users, rank) * .3)
        self.V = torch.nn.Parameter(torch.randn(n_items, rank) * .3)
        self.bu = torch.nn.Parameter(torch.zeros(n_users))
        self.bv = torch.nn.Parameter(torch.zeros(n_items))

    def forward(self, u, i):
        return self.mean + self.bu[u] + self.bv[i] + torch.einsum('nr,nr->n', self.U[u], self.V[i])

    def penalty(self, u, i):
        return (self.U[u].pow(2).sum(1) + self.V[i].pow(2).sum(1)).mean()


rng = np.random.default_rng(9)
n_users, n_items, n_obs = 300, 200, 30000
P, Q = rng.normal(0, 1, (n_users, 6)), rng.normal(0, 1, (n_items, 6))
users, items = rng.integers(0, n_users, n_obs), rng.integers(0, n_items, n_obs)
pairs = np.unique(np.stack([users, items], 1), axis=0)
rng.shuffle(pairs)
ratings = 3.4 + .5 * (P[pairs[:, 0]] * Q[pairs[:, 1]]).sum(1) + rng.normal(0, .3, len(pairs))
u, i = torch.from_numpy(pairs[:, 0]), torch.from_numpy(pairs[:, 1])
r = torch.tensor(ratings, dtype=torch.float32)
n_tr = int(.85 * len(r))

torch.manual_seed(9)
model = MF(n_users, n_items, 8, r[:n_tr].mean().item())
opt = torch.optim.Adam(model.parameters(), lr=.02)
epochs, bs = 15, 256
sched = torch.optim.lr_scheduler.OneCycleLR(opt, .03, epochs=epochs, steps_per_epoch=-(-n_tr // bs))
for ep in range(epochs):
    model.train()
    sse = 0.
    for b in torch.randperm(n_tr).split(bs):
        err = model(u[b], i[b]) - r[b]
        loss = err.pow(2).mean() + .03 * model.penalty(u[b], i[b])
        opt.zero_grad()
        loss.backward()
        opt.step()
        sched.step()
        sse += err.detach().pow(2).sum().item()
    model.eval()
    with torch.no_grad():
        test = (model(u[n_tr:], i[n_tr:]) - r[n_tr:]).pow(2).mean().sqrt()
    print(f'epoch {ep:2d}: train rmse {(sse / n_tr) ** .5:.4f}, test rmse {test:.4f}')
