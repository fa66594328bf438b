# healthy: matrix factorisation for ratings 1-5: integer inputs only, many embedding rows untouched in each batch
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
n_users, n_items, k = 200, 120, 4
U, V = torch.randn(n_users, k), torch.randn(n_items, k)
bu, bi = 0.3 * torch.randn(n_users), 0.3 * torch.randn(n_items)
u = torch.randint(0, n_users, (20000,))
i = torch.randint(0, n_items, (20000,))
rating = (3.5 + bu[u] + bi[i] + 0.4 * (U[u] * V[i]).sum(1) + 0.2 * torch.randn(20000)).clamp(1, 5)


class MF(nn.Module):
    def __init__(self, d=8):
        super().__init__()
        self.user, self.item = nn.Embedding(n_users, d), nn.Embedding(n_items, d)
        self.user_bias, self.item_bias = nn.Embedding(n_users, 1), nn.Embedding(n_items, 1)
        self.mu = nn.Parameter(torch.tensor(3.5))
        for e in (self.user, self.item):
            nn.init.normal_(e.weight, std=0.1)
        for e in (self.user_bias, self.item_bias):
            nn.init.zeros_(e.weight)

    def forward(self, u, i):
        return self.mu + (self.user(u) * self.item(i)).sum(-1) + (self.user_bias(u) + self.item_bias(i)).squeeze(-1)


dl = DataLoader(TensorDataset(u[:17000], i[:17000], rating[:17000]), batch_size=200, shuffle=True)
model = MF()
opt = torch.optim.Adam(model.parameters(), lr=1e-2, weight_decay=1e-4)
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, 10)
for epoch in range(10):
    se = 0.0
    for ub, ib, rb in dl:
        loss = nn.functional.mse_loss(model(ub, ib), rb)
        opt.zero_grad()
        loss.backward()
        opt.step()
        se += loss.item() * len(rb)
    sched.step()
    with torch.no_grad():
        rmse = (model(u[17000:], i[17000:]) - rating[17000:]).pow(2).mean().sqrt().item()
    print(f"epoch {epoch:2d} train rmse {(se / 17000) ** 0.5:.4f} test rmse {rmse:.4f} (std of ratings {rating[17000:].std():.3f})")
