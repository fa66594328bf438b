# healthy: word-level sentiment with padding_idx and packed sequences: pad row gets no gradient, rare words almost none
import random

import torch
import torch.nn as nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_sequence
from torch.utils.data import DataLoader

random.seed(1)
torch.manual_seed(1)
POS = "good great lovely superb charming funny brilliant warm".split()
NEG = "bad awful boring dull terrible weak tedious cold".split()
NEUTRAL = "the film was a story with actors and music scene plot end start about".split()


def make_review():
    label = random.randint(0, 1)
    n = random.randint(5, 14)
    words = random.choices(NEUTRAL, k=n)
    for _ in range(random.randint(1, 3)):
        flip = random.random() < 0.35
        w = random.choice((NEG if label else POS) if flip else (POS if label else NEG))
        pos = random.randint(0, len(words))
        words[pos:pos] = (["not", w] if flip else [w])
    return words, label


reviews = [make_review() for _ in range(2400)]
vocab = {"<pad>": 0, "<unk>": 1}
for words, _ in reviews[:2000]:
    for w in words:
        vocab.setdefault(w, len(vocab))


def collate(batch):
    ids = [torch.tensor([vocab.get(w, 1) for w in ws]) for ws, _ in batch]
    return pad_sequence(ids, batch_first=True, padding_value=0), torch.tensor([len(i) for i in ids]), torch.tensor([float(l) for _, l in batch])


class Sentiment(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(len(vocab), 24, padding_idx=0)
        self.lstm = nn.LSTM(24, 32, batch_first=True, bidirectional=True)
        self.fc = nn.Linear(64, 1)

    def forward(self, text, lengths):
        packed = pack_padded_sequence(self.embedding(text), lengths, batch_first=True, enforce_sorted=False)
        _, (h, _) = self.lstm(packed)
        return self.fc(torch.cat((h[-2], h[-1]), dim=1)).squeeze(1)


model = Sentiment()
optimizer = torch.optim.Adam(model.parameters(), lr=4e-3)
criterion = nn.BCEWithLogitsLoss()
train_dl = DataLoader(reviews[:2000], batch_size=64, shuffle=True, collate_fn=collate)
val_dl = DataLoader(reviews[2000:], batch_size=400, collate_fn=collate)
for epoch in range(6):
    model.train()
    total = 0
    for text, lengths, labels in train_dl:
        optimizer.zero_grad()
        loss = criterion(model(text, lengths), labels)
        loss.backward()
        optimizer.step()
        total += loss.item() * len(labels)
    model.eval()
    with torch.no_grad():
        text, lengths, labels = next(iter(val_dl))
        out = model(text, lengths)
        acc = ((out > 0).float() == labels).float().mean()
    print(f"Epoch: {epoch + 1:02} | Train Loss: {total / 2000:.3f} | Val. Loss: {criterion(out, labels):.3f} | Val. Acc: {acc * 100:.2f}%")
