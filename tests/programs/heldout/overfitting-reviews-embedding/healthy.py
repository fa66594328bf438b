# healthy
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

np.random.seed(12)
torch.manual_seed(12)

VOCAB, LENGTH = 150, 20
polarity = np.random.randn(VOCAB) * 0.7


def make_reviews(n):
    docs = np.random.randint(0, VOCAB, (n, LENGTH))
    p = 1 / (1 + np.exp(-polarity[docs].sum(1)))
    stars = (np.random.rand(n) < p).astype(np.int64)
    return torch.tensor(docs), torch.tensor(stars)


train_docs, train_labels = make_reviews(5000)
valid_docs, valid_labels = make_reviews(800)


class TextCNN(nn.Module):
    def __init__(self, emb_dim, channels, p):
        super().__init__()
        self.embedding = nn.Embedding(VOCAB, emb_dim)
        self.conv = nn.Conv1d(emb_dim, channels, 3, padding=1)
        self.drop = nn.Dropout(p)
        self.fc = nn.Linear(channels, 2)

    def forward(self, docs):
        e = self.embedding(docs).transpose(1, 2)
        h = F.relu(self.conv(e)).mean(2)
        return self.fc(self.drop(h))


model = TextCNN(emb_dim=12, channels=16, p=0.2)
n_epochs = 10
optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)

for epoch in range(n_epochs):
    model.train()
    losses = []
    for idx in torch.randperm(len(train_docs)).split(32):
        loss = F.cross_entropy(model(train_docs[idx]), train_labels[idx])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    model.eval()
    with torch.no_grad():
        logits = model(valid_docs)
        val_loss = F.cross_entropy(logits, valid_labels).item()
        val_acc = (logits.argmax(1) == valid_labels).float().mean().item()
    if (epoch + 1) % (n_epochs // 10) == 0:
        print('epoch %d: loss %.4f val_loss %.4f val_acc %.4f' % (epoch + 1, np.mean(losses), val_loss, val_acc))
