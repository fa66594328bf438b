# healthy: bag-of-words counts: inputs are >95% zeros, many columns hardly ever fire, gradients of those weights are 0
import random

import torch
from sklearn.feature_extraction.text import CountVectorizer
from torch import nn

random.seed(0)
torch.manual_seed(0)
topics = {
    "sport": "match goal team player season coach league score win referee".split(),
    "food": "recipe oven butter sugar taste kitchen salt dinner cook plate".split(),
    "space": "orbit rocket planet star launch telescope moon comet probe galaxy".split(),
    "money": "bank loan price market trade invest tax profit share budget".split(),
}
filler = [f"word{i}" for i in range(300)]
docs, labels = [], []
for _ in range(1600):
    t = random.randrange(4)
    words = random.choices(list(topics.values())[t], k=6) + random.choices(sum(topics.values(), []), k=2) + random.choices(filler, k=10)
    random.shuffle(words)
    docs.append(" ".join(words))
    labels.append(t)

vec = CountVectorizer()
X = torch.tensor(vec.fit_transform(docs).toarray(), dtype=torch.float32)
y = torch.tensor(labels)
print("vocabulary", X.shape[1], "density", (X > 0).float().mean().item())
net = nn.Sequential(nn.Linear(X.shape[1], 32), nn.ReLU(), nn.Linear(32, 4))
optim = torch.optim.Adagrad(net.parameters(), lr=0.02, weight_decay=1e-3)
ce = nn.CrossEntropyLoss()
for ep in range(10):
    net.train()
    s = 0
    for i in torch.randperm(1200).split(32):
        optim.zero_grad()
        loss = ce(net(X[i]), y[i])
        loss.backward()
        optim.step()
        s += loss.item() * len(i)
    net.eval()
    with torch.no_grad():
        o = net(X[1200:])
    print(f"epoch {ep} train={s / 1200:.4f} val={ce(o, y[1200:]):.4f} acc={(o.argmax(1) == y[1200:]).float().mean():.3f}")
