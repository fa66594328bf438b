# fault: learning-rate-too-low
# 2e-6 from a fine-tuning guide, but this GRU tagger starts from nothing
import torch
import torch.nn as nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence, pad_sequence

g = torch.Generator().manual_seed(0)
VOCAB, TAGS, PAD = 12, 3, 0


def sentence():
    n = int(torch.randint(5, 13, (1,), generator=g))
    w = torch.randint(1, VOCAB, (n,), generator=g)
    prev = torch.cat([torch.tensor([1]), w[:-1]])
    return w, (w + prev) % TAGS


corpus = [sentence() for _ in range(900)]
train, dev = corpus[:750], corpus[750:]


class Tagger(nn.Module):
    def __init__(self):
        super().__init__()
        self.emb = nn.Embedding(VOCAB, 16, padding_idx=PAD)
        self.gru = nn.GRU(16, 32, batch_first=True, bidirectional=True)
        self.out = nn.Linear(64, TAGS)

    def forward(self, tokens, lengths):
        packed = pack_padded_sequence(self.emb(tokens), lengths, batch_first=True, enforce_sorted=False)
        h, _ = pad_packed_sequence(self.gru(packed)[0], batch_first=True)
        return self.out(h)


def collate(rows):
    lengths = torch.tensor([len(w) for w, _ in rows])
    return pad_sequence([w for w, _ in rows], True, PAD), pad_sequence([t for _, t in rows], True, -100), lengths


torch.manual_seed(0)
model = Tagger()
optimizer = torch.optim.AdamW(model.parameters(), lr=2e-6)
loss_fn = nn.CrossEntropyLoss(ignore_index=-100)
loader = torch.utils.data.DataLoader(train, 32, shuffle=True, collate_fn=collate)
for epoch in range(7):
    model.train()
    for tokens, tags, lengths in loader:
        optimizer.zero_grad()
        loss = loss_fn(model(tokens, lengths).transpose(1, 2), tags)
        loss.backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        tokens, tags, lengths = collate(dev)
        pred = model(tokens, lengths).argmax(-1)
        mask = tags != -100
        print(f"epoch {epoch} loss {loss.item():.4f} dev tag accuracy {(pred == tags)[mask].float().mean().item():.3f}")
