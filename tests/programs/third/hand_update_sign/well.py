# healthy
# learning to rank: pairwise logistic (RankNet) for query-document lists, updates by hand with momentum buffers
import numpy as np, torch
import torch.nn.functional as F

rng = np.random.RandomState(17); torch.manual_seed(17)
n_q, n_d, d = 400, 12, 10
docs = torch.tensor(rng.randn(n_q, n_d, d), dtype=torch.float32)
u = torch.tensor(rng.randn(d), dtype=torch.float32)
util = docs @ u / u.norm() + 0.8 * docs[..., 0] * docs[..., 1] + 0.3 * torch.randn(n_q, n_d)
rel = torch.bucketize(util, torch.tensor([-0.7, 0.5, 1.5])).float()
tr, va = slice(0, 320), slice(320, 400)

params = [torch.randn(d, 32) * 0.4, torch.zeros(32), torch.randn(32, 1) * 0.2]
vel = [torch.zeros_like(p) for p in params]
[p.requires_grad_() for p in params]


def score(x):
    return (F.relu(x @ params[0] + params[1]) @ params[2]).squeeze(-1)


def ranknet(s, r):
    ds, dr = s[:, :, None] - s[:, None], r[:, :, None] - r[:, None]
    pair = dr > 0
    return F.softplus(-ds[pair]).mean()


def ndcg(s, r, k=5):
    disc = 1 / torch.log2(torch.arange(k) + 2.0)
    gain = lambda order: ((2 ** r.gather(1, order[:, :k]) - 1) * disc).sum(1)
    return (gain(s.argsort(1, descending=True)) / gain(r.argsort(1, descending=True)).clamp(min=1e-9)).mean().item()


lr, mom = 0.05, 0.9
for ep in range(30):
    tot = 0
    for q in torch.randperm(320).split(16):
        loss = ranknet(score(docs[q]), rel[q])
        for p in params:
            p.grad = None
        loss.backward()
        with torch.no_grad():
            for p, v in zip(params, vel):
                v.mul_(mom).sub_(p.grad, alpha=lr)
                p.add_(v)
        tot += loss.item() / 20
    with torch.no_grad():
        s = score(docs[va])
        print("%2d pair loss %.4f val %.4f NDCG@5 %.4f" % (ep, tot, ranknet(s, rel[va]).item(), ndcg(s, rel[va])))
