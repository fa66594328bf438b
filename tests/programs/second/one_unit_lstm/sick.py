# fault: too-little-capacity
"""Next-symbol model of a small grammar with an LSTM language model (teacher forcing)."""
import random
from dataclasses import dataclass

import torch
from torch import nn


@dataclass
class HParams:
    emb: int = 2
    hidden: int = 1
    seq: int = 30
    batch: int = 40
    epochs: int = 10
    lr: float = 1e-2


def corpus(n_sentences, seed):
    """the NOUN [( ADJ )] VERB OBJECT . with number agreement across the bracket"""
    r = random.Random(seed)
    out = []
    for _ in range(n_sentences):
        num = r.randrange(2)
        out += ['the', r.choice([['cat', 'dog', 'bird'], ['cats', 'dogs', 'birds']][num])]
        if r.random() < .5:
            out += ['(', r.choice(['old', 'new']), ')']
        out += [['sees', 'hear'][num]]
        out += ['a', 'fish', '.'] if num else ['no', 'one', '.']
    return out


class LM(nn.Module):
    def __init__(self, vocab, hp):
        super().__init__()
        self.emb = nn.Embedding(vocab, hp.emb)
        self.rnn = nn.LSTM(hp.emb, hp.hidden, batch_first=True)
        self.proj = nn.Linear(hp.hidden, vocab)

    def forward(self, x, state=None):
        h, state = self.rnn(self.emb(x), state)
        return self.proj(h), state


hp = HParams()
torch.manual_seed(0)
train_txt, test_txt = corpus(4500, 1), corpus(800, 2)
vocab = sorted(set(train_txt))
ids = {w: i for i, w in enumerate(vocab)}
chop = lambda txt: torch.tensor([ids[w] for w in txt[:len(txt) // (hp.seq + 1) * (hp.seq + 1)]]).view(-1, hp.seq + 1)
train, test = chop(train_txt), chop(test_txt)
model = LM(len(vocab), hp)
ce = nn.CrossEntropyLoss()
opt = torch.optim.Adam(model.parameters(), lr=hp.lr)
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, hp.epochs)
for epoch in range(hp.epochs):
    model.train()
    tot, k = 0., 0
    for idx in torch.randperm(len(train)).split(hp.batch):
        s = train[idx]
        logits, _ = model(s[:, :-1])
        loss = ce(logits.reshape(-1, len(vocab)), s[:, 1:].reshape(-1))
        opt.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 5.)
        opt.step()
        tot += loss.item(); k += 1
    sched.step()
    model.eval()
    with torch.no_grad():
        logits, _ = model(test[:, :-1])
        vl = ce(logits.reshape(-1, len(vocab)), test[:, 1:].reshape(-1)).item()
        acc = (logits.argmax(-1) == test[:, 1:]).float().mean().item()
    print(f'epoch {epoch} train nll {tot / k:.4f} test nll {vl:.4f} next-token accuracy {acc:.3f}')
