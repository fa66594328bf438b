# fault: double-softmax
# Multi-label tagging of short token lists (bag of embeddings), 12 tags, each present in about 10 % of the documents
import numpy as np
import torch
from torch import nn
from sklearn.metrics import f1_score

rng = np.random.default_rng(50)
VOCAB, TAGS = 300, 12
tag_words = rng.choice(VOCAB, (TAGS, 8), replace=False)


def document():
    tags = rng.random(TAGS) < .1
    words = list(rng.integers(0, VOCAB, rng.integers(8, 20)))
    for t in np.flatnonzero(tags):
        words += list(rng.choice(tag_words[t], 4))
    rng.shuffle(words)
    return words, tags.astype(np.float32)


def collate(batch):
    tokens = torch.tensor([w for doc, _ in batch for w in doc])
    offsets = torch.tensor(np.cumsum([0] + [len(doc) for doc, _ in batch[:-1]]))
    return {'tokens': tokens, 'offsets': offsets, 'tags': torch.tensor(np.stack([t for _, t in batch]))}


docs = [document() for _ in range(5000)]
train = torch.utils.data.DataLoader(docs[:4000], batch_size=50, shuffle=True, collate_fn=collate)
test = torch.utils.data.DataLoader(docs[4000:], batch_size=500, collate_fn=collate)


class Tagger(nn.Module):
    def __init__(self, dim=32):
        super().__init__()
        self.bag = nn.EmbeddingBag(VOCAB, dim, mode='sum')
        self.fc = nn.Sequential(nn.Dropout(.2), nn.Linear(dim, 48), nn.ReLU(), nn.Linear(48, TAGS))

    def forward(self, tokens, offsets):
        return torch.sigmoid(self.fc(self.bag(tokens, offsets)))


torch.manual_seed(0)
model = Tagger()
loss_fn = nn.BCEWithLogitsLoss()
opt = torch.optim.AdamW(model.parameters(), lr=4e-3, weight_decay=.1)
sched = torch.optim.lr_scheduler.OneCycleLR(opt, 6e-3, total_steps=12 * len(train))
for epoch in range(12):
    model.train()
    tr = 0
    for b in train:
        opt.zero_grad()
        loss = loss_fn(model(b['tokens'], b['offsets']), b['tags'])
        loss.backward()
        opt.step(); sched.step()
        tr += loss.item() / len(train)
    model.eval()
    with torch.no_grad():
        outs, tags = zip(*[(model(b['tokens'], b['offsets']), b['tags']) for b in test])
    outs, tags = torch.cat(outs), torch.cat(tags)
    prob = outs
    print(f'epoch {epoch:2d} train {tr:.4f} test {loss_fn(outs, tags).item():.4f} micro-F1 {f1_score(tags, prob > .5, average="micro", zero_division=0):.3f}')
