# healthy
import torch

torch.manual_seed(31)

# bag of words -> 5 tags, several tags may apply at once
n_docs, n_words, n_tags = 2000, 40, 5
topics = torch.randn(n_tags, n_words)
bow = torch.poisson(torch.rand(n_docs, n_words) * 2)
bow = (bow - bow.mean(0)) / bow.std(0)
affinity = bow @ topics.T / n_words ** 0.5
tags = ((affinity + 0.1 * torch.randn_like(affinity)) > 0.4).float()

train_x, train_t = bow[:1600], tags[:1600]
dev_x, dev_t = bow[1600:], tags[1600:]


class Tagger(torch.nn.Module):
    def __init__(self, width=32):
        super().__init__()
        self.hidden = torch.nn.Linear(n_words, width)
        self.tagger = torch.nn.Linear(width, n_tags)

    def forward(self, docs):
        h = torch.tanh(self.hidden(docs))
        return self.tagger(h)


tagger = Tagger()
optim = torch.optim.Adam(tagger.parameters(), lr=3e-3, weight_decay=1e-4)
objective = torch.nn.BCEWithLogitsLoss()

for epoch in range(18):
    for ids in torch.randperm(1600).view(-1, 40):
        optim.zero_grad()
        loss = objective(tagger(train_x[ids]), train_t[ids])
        loss.backward()
        optim.step()
    with torch.no_grad():
        train_loss = objective(tagger(train_x), train_t)
        out = tagger(dev_x)
        dev_loss = objective(out, dev_t)
        hits = ((out > 0) == dev_t.bool()).float().mean()
    print(f"epoch {epoch:>2} train {train_loss:.4f} dev {dev_loss:.4f} tag accuracy {hits:.3f}")
