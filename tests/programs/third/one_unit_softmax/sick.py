# fault: wrong-output-activation
"""Spam-ish text filter: bag of hashed words -> probability of spam."""
import re
import random
import torch
from torch import nn

random.seed(10)
torch.manual_seed(10)
SPAM = "win free cash prize claim urgent offer click bonus now credit loan".split()
HAM = "meeting lunch tomorrow project thanks report family dinner call later weekend draft".split()
NEUTRAL = "the a is to you me we on at it and with for today please can will your my this".split()


def message():
    spam = random.random() < 0.45
    k = random.randint(6, 14)
    main, other = (SPAM, HAM) if spam else (HAM, SPAM)
    words = [random.choices([random.choice(NEUTRAL), random.choice(main), random.choice(other)], [6, 2, 0.7])[0] for _ in range(k)]
    return " ".join(words), float(spam)


def vectorise(text, vocab):
    v = torch.zeros(len(vocab))
    for w in re.findall(r"\w+", text):
        v[vocab[w]] += 1
    return v


corpus = [message() for _ in range(2500)]
vocab = {w: i for i, w in enumerate(sorted(set(SPAM + HAM + NEUTRAL)))}
X = torch.stack([vectorise(t, vocab) for t, _ in corpus])
X = (X - X.mean(0)) / X.std(0)
y = torch.tensor([[l] for _, l in corpus])
tr, va = slice(0, 2000), slice(2000, None)

clf = nn.Sequential(
    nn.Linear(len(vocab), 16),
    nn.ReLU(),
    nn.Linear(16, 1),
    nn.Softmax(dim=-1),
)
bce = nn.BCELoss()
opt = torch.optim.Adam(clf.parameters(), lr=2e-3, weight_decay=2e-3)
for epoch in range(10):
    perm = torch.randperm(2000)
    total = 0.0
    for j in perm.view(-1, 40):
        opt.zero_grad()
        loss = bce(clf(X[tr][j]), y[tr][j])
        loss.backward()
        opt.step()
        total += loss.item() / 50
    with torch.no_grad():
        p = clf(X[va])
        acc = ((p > 0.5).float() == y[va]).float().mean().item()
    print(f"epoch {epoch}: loss={total:.4f} val_loss={bce(p, y[va]).item():.4f} val_acc={acc:.4f}")
