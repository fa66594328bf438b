# fault: constant-features or uninformative-labels
# The vocabulary is of lower-case words, but the texts are looked up in upper case: every token is <unk>.
import random
from collections import Counter

import torch
import torch.nn as nn
from torch.utils.data import DataLoader

random.seed(5)
torch.manual_seed(5)
TOPICS = {
    "sport": "match goal team player season coach score league win cup".split(),
    "economy": "market bank price stock trade profit growth tax budget debt".split(),
    "science": "cell energy theory particle species data model field gene star".split(),
}
FILLER = "the a of to in is was on for with by at from that it as".split()


def sentence(topic):
    words = [random.choice(TOPICS[topic]) if random.random() < 0.3 else random.choice(FILLER) for _ in range(20)]
    return " ".join(words).upper()


names = list(TOPICS)
corpus = [(sentence(t), i) for i, t in enumerate(names) for _ in range(500)]
random.shuffle(corpus)
counter = Counter(w.lower() for text, _ in corpus for w in text.split())
stoi = {"<pad>": 0, "<unk>": 1}
for word, _ in counter.most_common(200):
    stoi[word] = len(stoi)


def encode(text):
    return torch.tensor([stoi.get(w, stoi["<unk>"]) for w in text.split()])


def collate(batch):
    texts, labels = zip(*batch)
    ids = [encode(t) for t in texts]
    return nn.utils.rnn.pad_sequence(ids, batch_first=True), torch.tensor(labels)


train_dl = DataLoader(corpus[:1200], batch_size=32, shuffle=True, collate_fn=collate)
valid_dl = DataLoader(corpus[1200:], batch_size=100, collate_fn=collate)


class TextClassifier(nn.Module):
    def __init__(self, vocab, dim=32, classes=3):
        super().__init__()
        self.embedding = nn.Embedding(vocab, dim, padding_idx=0)
        self.fc = nn.Sequential(nn.Linear(dim, 32), nn.ReLU(), nn.Linear(32, classes))

    def forward(self, ids):
        e = self.embedding(ids)
        mask = (ids > 0).unsqueeze(-1)
        return self.fc((e * mask).sum(1) / mask.sum(1))


model = TextClassifier(len(stoi))
loss_fn = nn.CrossEntropyLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
for epoch in range(8):
    model.train()
    s = 0.0
    for ids, label in train_dl:
        loss = loss_fn(model(ids), label)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        s += loss.item()
    model.eval()
    hit = n = 0
    with torch.no_grad():
        for ids, label in valid_dl:
            hit += (model(ids).argmax(1) == label).sum().item()
            n += len(label)
    print(f"epoch {epoch} loss {s / len(train_dl):.4f} valid acc {hit / n:.3f}")
