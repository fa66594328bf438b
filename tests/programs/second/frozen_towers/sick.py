# fault: unoptimized-parameters
"""Two-tower matching of queries and products (in-batch softmax), towers come from a small registry."""
import torch
from torch import nn, optim

REGISTRY = {}


def register(name):
    def deco(cls):
        REGISTRY[name] = cls
        return cls
    return deco


@register('bag')
class Tower(nn.Module):
    def __init__(self, n_tokens, dim=24, out=16, frozen=True):
        super().__init__()
        self.emb = nn.EmbeddingBag(n_tokens, dim, mode='mean')
        self.mlp = nn.Sequential(nn.Linear(dim, 48), nn.ReLU())
        self.project = nn.Linear(48, out)
        if frozen:
            for p in list(self.emb.parameters()) + list(self.mlp.parameters()):
                p.requires_grad_(False)

    def forward(self, tokens):
        return nn.functional.normalize(self.project(self.mlp(2 * self.emb(tokens))), dim=-1)


torch.manual_seed(77)
TOPICS, QV, PV = 25, 150, 200
q_topic, p_topic = torch.arange(QV) % TOPICS, torch.arange(PV) % TOPICS
q_pool = torch.stack([torch.nonzero(q_topic == k).flatten() for k in range(TOPICS)])
p_pool = torch.stack([torch.nonzero(p_topic == k).flatten() for k in range(TOPICS)])


def draw(n):
    t = torch.randint(0, TOPICS, (n,))
    q = torch.where(torch.rand(n, 4) < .75, q_pool[t].gather(1, torch.randint(0, 6, (n, 4))), torch.randint(0, QV, (n, 4)))
    p = torch.where(torch.rand(n, 6) < .75, p_pool[t].gather(1, torch.randint(0, 8, (n, 6))), torch.randint(0, PV, (n, 6)))
    return q, p, t


def match_loss(q, p, t):
    sim = 8. * q @ p.T
    same = (t[:, None] == t[None]).float()
    target = same / same.sum(1, keepdim=True)
    return -(target * sim.log_softmax(1)).sum(1).mean()


train, test = draw(6000), draw(600)
query, product = REGISTRY['bag'](QV), REGISTRY['bag'](PV)
opt = optim.Adam([p for m in (query, product) for p in m.parameters() if p.requires_grad], lr=4e-3)
EPOCHS = 15
sched = optim.lr_scheduler.CosineAnnealingLR(opt, EPOCHS)
for epoch in range(EPOCHS):
    query.train(), product.train()
    tl = 0.
    for i in torch.randperm(6000).split(100):
        q, p, t = (a[i] for a in train)
        loss = match_loss(query(q), product(p), t)
        opt.zero_grad()
        loss.backward()
        opt.step()
        tl += loss.item() / 60
    sched.step()
    query.eval(), product.eval()
    with torch.no_grad():
        zq, zp = query(test[0]), product(test[1])
        vl = sum(match_loss(a, b, c).item() for a, b, c in zip(zq.split(100), zp.split(100), test[2].split(100))) / 6
        hit = (test[2][(zq @ zp.T).argmax(1)] == test[2]).float().mean().item()
    print(f'epoch {epoch:2d} train {tl:.4f} test {vl:.4f} topic of the best match right {hit:.3f}')
