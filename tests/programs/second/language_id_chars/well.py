# healthy
# Which constructed language does a word come from?  Character GRU (after the names-classification tutorial).
import random
import torch
from torch import nn
from torch.nn.utils.rnn import pad_sequence, pack_padded_sequence

random.seed(6); torch.manual_seed(6)
ALPHA = 'abcdefghijklmnopqrstuvwxyz'
syll = {
    'toki': ['ka', 'li', 'mo', 'pu', 'se', 'ni'], 'druz': ['dr', 'uz', 'gro', 'vak', 'sh', 'ka'],
    'elen': ['el', 'en', 'ia', 'li', 'ra', 'se'], 'qwor': ['qo', 'xu', 'vak', 'zz', 'mo', 'ra'],
    'minn': ['in', 'nn', 'mi', 'ta', 'en', 'pu'],
}
words = [(k, ''.join(random.choice(s) for _ in range(random.randint(2, 4)))) for k in syll for s in [syll[k]] for _ in range(700)]
classes = list(syll)


def to_tensor(w):
    return torch.tensor([ALPHA.index(c) + 1 for c in w])


valid = random.sample(range(len(words)), 600)
vset = set(valid)
train = [w for i, w in enumerate(words) if i not in vset]
valid = [words[i] for i in valid]


def batches(items, size):
    items = random.sample(items, len(items))
    for i in range(0, len(items), size):
        part = items[i:i + size]
        seqs = [to_tensor(w) for _, w in part]
        yield (pad_sequence(seqs, batch_first=True), torch.tensor([len(s) for s in seqs]), torch.tensor([classes.index(k) for k, _ in part]))


class CharGRU(nn.Module):
    def __init__(self, emb=12, hid=24):
        super().__init__()
        self.emb = nn.Embedding(27, emb, padding_idx=0)
        self.gru = nn.GRU(emb, hid, batch_first=True)
        self.drop = nn.Dropout(.2)
        self.fc = nn.Linear(hid, 5)

    def forward(self, x, lengths):
        packed = pack_padded_sequence(self.emb(x), lengths, batch_first=True, enforce_sorted=False)
        return self.fc(self.drop(self.gru(packed)[1][0]))


net = CharGRU()
ce = nn.CrossEntropyLoss()
opt = torch.optim.AdamW(net.parameters(), lr=.01, weight_decay=.1)
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, 8)
for epoch in range(8):
    net.train()
    losses = []
    for x, n, y in batches(train, 50):
        loss = ce(net(x, n), y)
        opt.zero_grad(); loss.backward(); opt.step()
        losses.append(loss.item())
    sched.step()
    net.eval()
    hit, vl = 0, 0
    with torch.no_grad():
        for x, n, y in batches(valid, 200):
            o = net(x, n)
            hit += (o.argmax(1) == y).sum().item(); vl += ce(o, y).item() / 3
    print(f'epoch {epoch} train loss {sum(losses) / len(losses):.3f} valid loss {vl:.3f} valid acc {hit / len(valid):.3f}')
