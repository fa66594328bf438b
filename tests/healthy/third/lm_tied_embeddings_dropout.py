# healthy
# word-level LSTM language model with tied embeddings, truncated BPTT, hidden state carried and detached, gradient clipping
import math

import torch
import torch.nn as nn

torch.manual_seed(4)
g = torch.Generator().manual_seed(4)
V = 24
trans = torch.softmax(2.5 * torch.randn(V, V, generator=g), 1)
tok = [0]
for _ in range(12000):
    tok.append(int(torch.multinomial(trans[tok[-1]], 1, generator=g)))
tok = torch.tensor(tok)
entropy = -(trans * trans.log()).sum(1)[tok].mean().item()


def batchify(t, b):
    n = len(t) // b
    return t[: n * b].view(b, n).t().contiguous()


train_data, val_data = batchify(tok[:10000], 20), batchify(tok[10000:], 10)


class RNNModel(nn.Module):
    def __init__(self, h=40):
        super().__init__()
        self.drop = nn.Dropout(0.2)
        self.encoder = nn.Embedding(V, h)
        self.rnn = nn.LSTM(h, h)
        self.decoder = nn.Linear(h, V)
        nn.init.uniform_(self.encoder.weight, -0.1, 0.1)
        self.decoder.weight = self.encoder.weight

    def forward(self, x, hidden):
        out, hidden = self.rnn(self.drop(self.encoder(x)), hidden)
        return self.decoder(self.drop(out)), hidden


def repackage(h):
    return None if h is None else tuple(t.detach() for t in h)


model = RNNModel()
opt = torch.optim.Adam(model.parameters(), lr=5e-3)
crit = nn.CrossEntropyLoss()
BPTT = 25
for epoch in range(10):
    model.train()
    hidden = None
    for i in range(0, len(train_data) - 1, BPTT):
        n = min(BPTT, len(train_data) - 1 - i)
        opt.zero_grad()
        out, hidden = model(train_data[i : i + n], repackage(hidden))
        loss = crit(out.flatten(0, 1), train_data[i + 1 : i + 1 + n].flatten())
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        opt.step()
    model.eval()
    with torch.no_grad():
        out, _ = model(val_data[:-1], None)
        v = crit(out.flatten(0, 1), val_data[1:].flatten()).item()
    print(f"epoch {epoch} train {loss.item():.3f} val {v:.3f} (entropy rate {entropy:.3f}, uniform {math.log(V):.3f})")
