# healthy
"""Matrix factorisation with the Bayesian personalised ranking loss; AUC on held-out interactions."""
import argparse
import torch
import torch.nn as nn
import torch.nn.functional as F

parser = argparse.ArgumentParser()
parser.add_argument("--dim", type=int, default=8)
parser.add_argument("--lr", type=float, default=0.02)
parser.add_argument("--reg", type=float, default=0.02)
parser.add_argument("--epochs", type=int, default=16)
parser.add_argument("--seed", type=int, default=0)
args = parser.parse_args()
torch.manual_seed(args.seed)
U, I = 400, 250
taste, style, pop = torch.randn(U, 3), torch.randn(I, 3), torch.randn(I) * 0.7
prob = torch.sigmoid(1.5 * taste @ style.T + pop - 3.0)
seen = torch.rand(U, I) < prob
pairs = seen.nonzero()
pairs = pairs[torch.randperm(len(pairs))]
cut = int(0.9 * len(pairs))
train, held = pairs[:cut], pairs[cut:]


class BPR(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.u, self.i, self.b = nn.Embedding(U, dim), nn.Embedding(I, dim), nn.Embedding(I, 1)
        nn.init.normal_(self.u.weight, std=0.1)
        nn.init.normal_(self.i.weight, std=0.1)
        nn.init.zeros_(self.b.weight)

    def score(self, u, i):
        return (self.u(u) * self.i(i)).sum(-1) + self.b(i).squeeze(-1)


def negatives(u):
    j = torch.randint(0, I, u.shape)
    for _ in range(4):
        bad = seen[u, j]
        j = torch.where(bad, torch.randint(0, I, u.shape), j)
    return j


model = BPR(args.dim)
opt = torch.optim.Adam(model.parameters(), lr=args.lr)
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, args.epochs)
hj = negatives(held[:, 0])
for epoch in range(args.epochs):
    model.train()
    t = n = 0
    for b in train[torch.randperm(len(train))].split(512):
        u, i = b.T
        j = negatives(u)
        rank = -F.logsigmoid(model.score(u, i) - model.score(u, j)).mean()
        reg = (model.u(u).square().sum(1) + model.i(i).square().sum(1) + model.i(j).square().sum(1)).mean()
        loss = rank + args.reg * reg
        opt.zero_grad()
        loss.backward()
        opt.step()
        t += rank.item(); n += 1
    sched.step()
    model.eval()
    with torch.no_grad():
        diff = model.score(*held.T) - model.score(held[:, 0], hj)
    print(f"epoch {epoch} ranking loss {t/n:.4f} held-out {-F.logsigmoid(diff).mean().item():.4f} AUC {(diff > 0).float().mean().item():.3f}")
print("AUC of the true scores", (prob[held[:, 0], held[:, 1]] > prob[held[:, 0], hj]).float().mean().item())
