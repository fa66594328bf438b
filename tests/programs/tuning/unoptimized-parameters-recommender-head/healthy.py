# healthy
import random
import torch

random.seed(1)
torch.manual_seed(1)

n_users, n_items, dim = 80, 80, 6
u_true, i_true = torch.randn(n_users, 3), torch.randn(n_items, 3)
ratings_full = (u_true @ i_true.T) / 3 ** 0.5
cells = [(u, i) for u in range(n_users) for i in range(n_items)]
random.shuffle(cells)
cells = torch.tensor(cells)
rating = ratings_full[cells[:, 0], cells[:, 1]] + 0.1 * torch.randn(len(cells))
rating = (rating - rating.mean()) / rating.std()
train_c, train_r = cells[:5400], rating[:5400]
valid_c, valid_r = cells[5400:], rating[5400:]

net = torch.nn.ModuleDict({
    "user": torch.nn.Embedding(n_users, dim),
    "item": torch.nn.Embedding(n_items, dim),
    "head": torch.nn.Sequential(torch.nn.Linear(3 * dim, 32), torch.nn.ReLU(), torch.nn.Linear(32, 1)),
})


def score(c):
    u, i = net["user"](c[:, 0]), net["item"](c[:, 1])
    return net["head"](torch.cat([u, i, u * i], 1)).squeeze(1)


opt = torch.optim.Adam(net.parameters(), lr=5e-3)
history = {"train": [], "valid": []}
for epoch in range(20):
    losses = []
    for b in torch.randperm(5400).split(90):
        loss = torch.nn.functional.mse_loss(score(train_c[b]), train_r[b])
        opt.zero_grad()
        loss.backward()
        opt.step()
        losses.append(loss.item())
    with torch.no_grad():
        v = torch.nn.functional.mse_loss(score(valid_c), valid_r).item()
    history["train"].append(sum(losses) / len(losses))
    history["valid"].append(v)
    print(epoch, {k: round(h[-1], 4) for k, h in history.items()})
