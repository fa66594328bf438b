# fault: wrong-output-activation
# MovieLens-like matrix factorisation; ratings run 0.5..5 but the score ends in a sigmoid
import numpy as np
import torch
import torch.nn as nn

rs = np.random.RandomState(8)
n_users, n_items, k = 200, 120, 4
U, V = rs.normal(0, 0.6, (n_users, k)), rs.normal(0, 0.6, (n_items, k))
bu, bi = rs.normal(0, 0.4, n_users), rs.normal(0, 0.5, n_items)
obs = rs.choice(n_users * n_items, 9000, replace=False)
users, items = obs // n_items, obs % n_items
r = 3.3 + bu[users] + bi[items] + (U[users] * V[items]).sum(1) + rs.normal(0, 0.3, 9000)
r = (np.round(r * 2) / 2).clip(0.5, 5.0)


class RecommenderNet(nn.Module):
    def __init__(self, n_users, n_items, dim=8):
        super().__init__()
        self.user_emb = nn.Embedding(n_users, dim)
        self.item_emb = nn.Embedding(n_items, dim)
        self.user_bias = nn.Embedding(n_users, 1)
        self.item_bias = nn.Embedding(n_items, 1)
        for e in (self.user_emb, self.item_emb):
            nn.init.normal_(e.weight, std=0.05)
        for e in (self.user_bias, self.item_bias):
            nn.init.zeros_(e.weight)

    def forward(self, u, i):
        dot = (self.user_emb(u) * self.item_emb(i)).sum(1)
        return torch.sigmoid(dot + self.user_bias(u).squeeze(1) + self.item_bias(i).squeeze(1))


torch.manual_seed(8)
u, i, r = torch.tensor(users), torch.tensor(items), torch.tensor(r, dtype=torch.float32)
tr, te = slice(0, 8000), slice(8000, None)
model = RecommenderNet(n_users, n_items)
opt = torch.optim.Adam(model.parameters(), lr=0.01, weight_decay=1e-5)
for epoch in range(10):
    model.train()
    for b in torch.randperm(8000).split(256):
        loss = nn.functional.mse_loss(model(u[b], i[b]), r[b])
        opt.zero_grad()
        loss.backward()
        opt.step()
    model.eval()
    with torch.no_grad():
        rmse = nn.functional.mse_loss(model(u[te], i[te]), r[te]).sqrt()
    print(f"epoch {epoch}: rmse {rmse.item():.4f} (mean predictor {r[te].std().item():.4f})")
