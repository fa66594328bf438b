# healthy
"""Fine-tune style optimizer settings on a small text classifier trained from scratch."""
import random
import torch
from torch import nn
from torch.nn.utils.rnn import pad_sequence

random.seed(1); torch.manual_seed(1)
POS = ['good', 'great', 'lovely', 'fresh', 'warm', 'kind', 'bright']
NEG = ['bad', 'dull', 'stale', 'rude', 'cold', 'noisy', 'grim']
FILL = ['the', 'room', 'staff', 'food', 'was', 'and', 'very', 'we', 'had', 'a', 'day', 'with', 'of', 'it']
ids = {w: i + 1 for i, w in enumerate(POS + NEG + FILL + ['not'])}


def review():
    words, score = [], 0
    while score == 0:
        words, score = [], 0
        for _ in range(random.randint(6, 14)):
            u = random.random()
            if u < .3:
                neg = random.random() < .35
                good = random.random() < .5
                words += (['not'] if neg else []) + [random.choice(POS if good else NEG)]
                score += 1 if good != neg else -1
            else:
                words.append(random.choice(FILL))
    return torch.tensor([ids[w] for w in words]), float(score > 0)


def collate(batch):
    return {'input_ids': pad_sequence([t for t, _ in batch], batch_first=True), 'labels': torch.tensor([l for _, l in batch])}


class TextCNN(nn.Module):
    def __init__(self, vocab, d=24, f=32):
        super().__init__()
        self.emb = nn.Embedding(vocab, d, padding_idx=0)
        self.conv = nn.Conv1d(d, f, 2)
        self.drop = nn.Dropout(.1)
        self.fc = nn.Linear(f, 1)

    def forward(self, input_ids):
        h = torch.relu(self.conv(self.emb(input_ids).transpose(1, 2)))
        return self.fc(self.drop(h.sum(2) / 4)).squeeze(1)


def evaluate(model, loader):
    model.eval()
    with torch.no_grad():
        out = [(model(b['input_ids']), b['labels']) for b in loader]
    z, y = torch.cat([a for a, _ in out]), torch.cat([b for _, b in out])
    return nn.functional.binary_cross_entropy_with_logits(z, y).item(), ((z > 0) == (y > .5)).float().mean().item()


train_set, eval_set = [review() for _ in range(4000)], [review() for _ in range(800)]
train_loader = torch.utils.data.DataLoader(train_set, batch_size=64, shuffle=True, collate_fn=collate)
eval_loader = torch.utils.data.DataLoader(eval_set, batch_size=400, collate_fn=collate)
model = TextCNN(len(ids) + 1)
optimizer = torch.optim.AdamW(model.parameters(), lr=4e-3, weight_decay=.01)
scheduler = torch.optim.lr_scheduler.LinearLR(optimizer, 1., .02, total_iters=12)
for epoch in range(12):
    model.train()
    s = 0
    for batch in train_loader:
        optimizer.zero_grad()
        loss = nn.functional.binary_cross_entropy_with_logits(model(batch['input_ids']), batch['labels'])
        loss.backward()
        optimizer.step()
        s += loss.item() / len(train_loader)
    scheduler.step()
    print('epoch %d train_loss %.4f eval_loss %.4f eval_accuracy %.4f' % (epoch, s, *evaluate(model, eval_loader)))
