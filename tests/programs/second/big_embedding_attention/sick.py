# fault: badly-scaled-initialization
# Key-value recall with one attention block, all weights in einsum form
import torch
from torch import nn
import torch.nn.functional as F

torch.manual_seed(13)
KEYS, VALS, PAIRS, D = 12, 8, 5, 32


def episodes(n):
    """five (key, value) pairs and a query key; answer: the value stored with it"""
    keys = torch.stack([torch.randperm(KEYS)[:PAIRS] for _ in range(n)])
    vals = torch.randint(0, VALS, (n, PAIRS))
    pick = torch.randint(0, PAIRS, (n, 1))
    return keys, vals, keys.gather(1, pick)[:, 0], vals.gather(1, pick)[:, 0]


class Recall(nn.Module):
    def __init__(self, std):
        super().__init__()
        par = lambda *s: nn.Parameter(torch.randn(*s) * std)
        self.key_emb, self.val_emb, self.query_emb = par(KEYS, D), par(VALS, D), par(KEYS, D)
        self.Wq, self.Wk, self.Wv, self.Wo = par(D, D), par(D, D), par(D, D), par(D, VALS)

    def forward(self, k, v, q):
        q = torch.einsum('bd,de->be', self.query_emb[q], self.Wq)
        kk = torch.einsum('bpd,de->bpe', self.key_emb[k], self.Wk)
        vv = torch.einsum('bpd,de->bpe', self.val_emb[v], self.Wv)
        att = torch.einsum('be,bpe->bp', q, kk).div(D ** .5).softmax(-1)
        return torch.einsum('bp,bpe,ef->bf', att, vv, self.Wo)


train, test = episodes(8000), episodes(1500)
net = Recall(std=1.0)
opt = torch.optim.Adam(net.parameters(), lr=4e-3, betas=(.9, .99))
steps = 1600
sched = torch.optim.lr_scheduler.OneCycleLR(opt, 8e-3, total_steps=steps)
for step in range(1, steps + 1):
    j = torch.randint(0, 8000, (64,))
    k, v, q, a = (t[j] for t in train)
    loss = F.cross_entropy(net(k, v, q), a)
    opt.zero_grad(); loss.backward(); opt.step(); sched.step()
    if step % 200 == 0:
        with torch.no_grad():
            out = net(*test[:3])
        print(f'step {step:5d} loss {loss.item():.4f} test loss {F.cross_entropy(out, test[3]):.4f} test acc {(out.argmax(1) == test[3]).float().mean():.3f}')
