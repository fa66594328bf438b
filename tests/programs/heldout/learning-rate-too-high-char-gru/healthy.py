# healthy
import random
import torch
import torch.nn as nn

random.seed(42)
torch.manual_seed(42)

# made-up names from a syllable grammar
start = ['ka', 'to', 'mi', 're', 'su', 'lo']
middle = ['ra', 'ne', 'shi', 'do', 'vel']
end = ['n', 'ko', 'ta', 'rin', 'mus']
names = [random.choice(start) + ''.join(random.choice(middle) for _ in range(random.randint(1, 3))) + random.choice(end)
         for _ in range(6000)]
names = list(dict.fromkeys(names))[:2200]
chars = '.' + ''.join(sorted(set(''.join(names))))
ctoi = {c: i for i, c in enumerate(chars)}
longest = max(map(len, names))


def encode(names):
    x = torch.zeros(len(names), longest + 1, dtype=torch.long)
    y = torch.full((len(names), longest + 1), -100)
    for r, nm in enumerate(names):
        codes = [ctoi[c] for c in nm]
        x[r, 1:len(nm) + 1] = torch.tensor(codes)
        y[r, :len(nm) + 1] = torch.tensor(codes + [0])
    return x, y


x_tr, y_tr = encode(names[:1800])
x_va, y_va = encode(names[1800:])


class NameModel(nn.Module):
    def __init__(self, vocab, emb=16, hidden=48):
        super().__init__()
        self.emb = nn.Embedding(vocab, emb)
        self.gru = nn.GRU(emb, hidden, batch_first=True)
        self.head = nn.Linear(hidden, vocab)

    def forward(self, x):
        h, _ = self.gru(self.emb(x))
        return self.head(h)


model = NameModel(len(chars))
opt = torch.optim.Adam(model.parameters(), lr=0.003)
loss_fn = nn.CrossEntropyLoss()
flat = lambda out, y: loss_fn(out.reshape(-1, len(chars)), y.reshape(-1))
for epoch in range(14):
    model.train()
    s = 0.
    for i in torch.randperm(1800).split(60):
        opt.zero_grad()
        loss = flat(model(x_tr[i]), y_tr[i])
        loss.backward()
        opt.step()
        s += loss.item() / 30
    model.eval()
    with torch.no_grad():
        v = flat(model(x_va), y_va).item()
    print(f'epoch {epoch + 1} loss {s:.4f} val {v:.4f}')

model.eval()
for _ in range(3):
    seq = [0]
    with torch.no_grad():
        while len(seq) < longest + 1:
            p = torch.softmax(model(torch.tensor([seq]))[0, -1], 0)
            k = torch.multinomial(p, 1).item()
            if k == 0:
                break
            seq.append(k)
    print('sample:', ''.join(chars[k] for k in seq[1:]))
