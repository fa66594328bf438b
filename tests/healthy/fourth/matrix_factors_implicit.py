# healthy
# Implicit feedback with sampled negatives and logistic loss; embeddings start small, as usual.
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(4)
U, I, K = 300, 200, 6
pu, qi = torch.randn(U, K), torch.randn(I, K)
prob = torch.sigmoid((pu @ qi.T) * 1.5 - 2.5)
click = torch.bernoulli(prob)
pairs = click.nonzero()
pairs = pairs[torch.randperm(len(pairs))]
cut = int(0.85 * len(pairs))
train_pairs, test_pairs = pairs[:cut], pairs[cut:]
negatives = (click == 0).nonzero()
negatives = negatives[torch.randperm(len(negatives))]
test_neg = negatives[: len(test_pairs)]


class NCF(nn.Module):
    def __init__(self, dim=16):
        super().__init__()
        self.u = nn.Embedding(U, dim)
        self.i = nn.Embedding(I, dim)
        self.bu = nn.Embedding(U, 1)
        self.bi = nn.Embedding(I, 1)
        for e in (self.u, self.i):
            nn.init.normal_(e.weight, std=0.1)
        for e in (self.bu, self.bi):
            nn.init.zeros_(e.weight)

    def forward(self, u, i):
        return (self.u(u) * self.i(i)).sum(-1) + self.bu(u).squeeze(-1) + self.bi(i).squeeze(-1)


net = NCF()
opt = torch.optim.Adam(net.parameters(), lr=1e-2, weight_decay=3e-5)
for epoch in range(12):
    total, steps = 0.0, 0
    for b in torch.randperm(cut).split(256):
        pos = train_pairs[b]
        neg_items = torch.randint(I, (len(b) * 2,))
        users = torch.cat([pos[:, 0], pos[:, 0].repeat(2)])
        items = torch.cat([pos[:, 1], neg_items])
        label = torch.cat([torch.ones(len(b)), torch.zeros(2 * len(b))])
        loss = F.binary_cross_entropy_with_logits(net(users, items), label)
        opt.zero_grad()
        loss.backward()
        opt.step()
        total += loss.item()
        steps += 1
    with torch.no_grad():
        sp = net(test_pairs[:, 0], test_pairs[:, 1])
        sn = net(test_neg[:, 0], test_neg[:, 1])
        auc = (sp[:, None] > sn[None, :]).float().mean()
        bayes = (prob[test_pairs[:, 0], test_pairs[:, 1]][:, None] > prob[test_neg[:, 0], test_neg[:, 1]][None]).float().mean()
    print(f"epoch {epoch} loss {total / steps:.4f} test AUC {auc:.4f} (oracle {bayes:.4f})")
