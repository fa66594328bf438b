# fault: nonfinite-values or unstable-formula
"""Basket -> next category. Attention pooling over padded baskets; some customers have no history at all."""
import torch
from torch import nn

torch.manual_seed(44)
ITEMS, CATS, L = 60, 6, 8
item_cat = torch.randint(0, CATS, (ITEMS,))
item_cat[:CATS] = torch.arange(CATS)


def baskets(n):
    n_items = torch.randint(0, L + 1, (n,))
    ids = torch.randint(0, ITEMS, (n, L))
    profile = torch.randint(0, CATS, (n,))
    own = torch.rand(n, L) < .55
    table = [torch.nonzero(item_cat == c).flatten() for c in range(CATS)]
    pick = torch.stack([t[torch.randint(0, len(t), (n * L,))].view(n, L) for t in table])
    ids = torch.where(own, pick[profile, torch.arange(n)], ids) + 1
    mask = torch.arange(L) < n_items[:, None]
    ids = ids * mask
    feats = torch.randn(n, 4)
    feats[:, 0] += (profile % 2) * 2.0 - 1
    feats[:, 1] += (profile // 2) * 1.2 - 1.2
    return ids, mask, feats / 1.4, profile


class AttentionPool(nn.Module):
    def __init__(self, d=24):
        super().__init__()
        self.emb = nn.Embedding(ITEMS + 1, d, padding_idx=0)
        self.query = nn.Linear(4, d)
        self.out = nn.Sequential(nn.Linear(d + 4, 48), nn.ReLU(), nn.Dropout(.2), nn.Linear(48, CATS))

    def forward(self, ids, mask, feats):
        e = self.emb(ids)
        score = torch.einsum('bd,bld->bl', self.query(feats), e) / e.shape[-1] ** .5
        score = score.masked_fill(~mask, float('-inf'))
        weight = torch.softmax(score, dim=1)
        pooled = torch.einsum('bl,bld->bd', weight, e)
        return self.out(torch.cat([pooled, feats], 1))


train, test = baskets(6000), baskets(1500)
net = AttentionPool()
opt = torch.optim.AdamW(net.parameters(), lr=3e-3, weight_decay=.1)
EPOCHS = 12
sched = torch.optim.lr_scheduler.OneCycleLR(opt, 4e-3, total_steps=EPOCHS * 100)
for epoch in range(EPOCHS):
    net.train()
    tl = 0.
    for i in torch.randperm(6000).split(60):
        *inp, y = (t[i] for t in train)
        loss = nn.functional.cross_entropy(net(*inp), y)
        opt.zero_grad()
        loss.backward()
        opt.step()
        sched.step()
        tl += loss.item() / 100
    net.eval()
    with torch.no_grad():
        o = net(*test[:3])
    print(f'epoch {epoch} train {tl:.4f} test {nn.functional.cross_entropy(o, test[3]).item():.4f} top-1 {(o.argmax(1) == test[3]).float().mean().item():.4f}')
