# healthy
# guess the language of a (made up) word from its letters
import random
import string

import torch
from torch import nn
from torch.nn.functional import one_hot

random.seed(6)
torch.manual_seed(6)

SYLLABLES = {
    "suomi": ["ka", "ki", "lla", "nen", "hui", "tta", "po", "yks", "jo"],
    "italiano": ["ca", "zio", "ne", "ella", "po", "ta", "chi", "re", "gli"],
    "deutsch": ["sch", "ung", "ber", "ein", "ta", "ge", "ich", "ne", "kel"],
    "polski": ["cz", "ski", "wie", "ow", "ka", "prz", "ta", "nie", "je"],
}
LANGS = list(SYLLABLES)


def word(lang):
    return "".join(random.choice(SYLLABLES[lang]) for _ in range(5))[:14]


def encode(w):
    ids = [string.ascii_lowercase.index(c) + 1 for c in w]
    return ids + [0] * (14 - len(ids))


vocab = {word(l): i for _ in range(700) for i, l in enumerate(LANGS)}
pairs = list(vocab.items())
random.shuffle(pairs)
xs = torch.tensor([encode(w) for w, _ in pairs])
ys = torch.tensor([i for _, i in pairs])
x_train, y_train, x_dev, y_dev = xs[:2200], ys[:2200], xs[2200:], ys[2200:]


class LangID(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(27, 12, padding_idx=0)
        self.conv = nn.Conv1d(12, 32, 3, padding=1)
        self.cls = nn.Linear(32, 4)

    def forward(self, ids):
        h = self.embed(ids).transpose(1, 2)
        h = torch.relu(self.conv(h)).amax(dim=2)
        return self.cls(h)


net = LangID()
optimizer = torch.optim.Adam(net.parameters(), lr=4e-3)
criterion = nn.CrossEntropyLoss()
for epoch in range(6):
    for rows in torch.randperm(2200).split(44):
        optimizer.zero_grad()
        loss = criterion(net(x_train[rows]), y_train[rows])
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        logits = net(x_dev)
        dev = criterion(logits, y_dev).item()
        acc = (logits.argmax(1) == y_dev).float().mean().item()
    print(f"epoch {epoch + 1}  loss {loss.item():.4f}  dev loss {dev:.4f}  dev accuracy {acc:.3f}")
