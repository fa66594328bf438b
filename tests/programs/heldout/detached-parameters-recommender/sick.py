# fault: detached-parameters
import numpy as np
import torch
import torch.nn as nn

torch.manual_seed(0)
rng = np.random.RandomState(0)

n_users, n_movies, rank = 150, 100, 3
taste = rng.randn(n_users, rank)
style = rng.randn(n_movies, rank)
scores = taste @ style.T + 0.3 * rng.randn(n_users, n_movies)
uu, mm = np.meshgrid(np.arange(n_users), np.arange(n_movies), indexing='ij')
keep = rng.permutation(n_users * n_movies)[:13500]
users, movies, ratings = uu.ravel()[keep], mm.ravel()[keep], scores.ravel()[keep]
ratings = (ratings - ratings[:12000].mean()) / ratings[:12000].std()

users, movies = torch.tensor(users), torch.tensor(movies)
ratings = torch.tensor(ratings, dtype=torch.float32)
u_tr, m_tr, r_tr = users[:12000], movies[:12000], ratings[:12000]
u_va, m_va, r_va = users[12000:], movies[12000:], ratings[12000:]


class MatrixFactorization(nn.Module):
    def __init__(self, n_users, n_items, n_factors=3):
        super().__init__()
        self.user_factors = nn.Embedding(n_users, n_factors)
        self.item_factors = nn.Embedding(n_items, n_factors)

    def forward(self, user, item):
        p = self.user_factors(user).data
        q = self.item_factors(item)
        return (p * q).sum(1)


model = MatrixFactorization(n_users, n_movies)
loss_func = nn.MSELoss()
optimizer = torch.optim.Adam(model.parameters(), lr=0.02, weight_decay=1e-4)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 25)

for epoch in range(25):
    total = 0
    for idx in torch.randperm(12000).split(250):
        optimizer.zero_grad()
        prediction = model(u_tr[idx], m_tr[idx])
        loss = loss_func(prediction, r_tr[idx])
        loss.backward()
        optimizer.step()
        total += loss.item() * len(idx)
    scheduler.step()
    with torch.no_grad():
        val = loss_func(model(u_va, m_va), r_va).item()
    if epoch % 2 == 0:
        print('epoch', epoch, 'train mse %.4f' % (total / 12000), 'val mse %.4f' % val)
