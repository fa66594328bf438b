# fault: learning-rate-too-low
"""Sentence polarity (synthetic movie reviews), small text CNN."""
import random
import torch
from torch import nn

random.seed(12)
torch.manual_seed(12)
POS = ["great", "lovely", "superb", "enjoyable", "fresh", "moving"]
NEG = ["dull", "awful", "boring", "weak", "tired", "clumsy"]
FILL = ["the", "film", "plot", "was", "and", "actor", "scene", "music", "really", "a", "bit", "story"]
VOC = {w: i for i, w in enumerate(["<pad>", "not"] + POS + NEG + FILL)}


def review():
    words, pol = [], 0
    for _ in range(random.randint(2, 4)):
        words += random.choices(FILL, k=random.randint(1, 3))
        s = random.choice([-1, 1])
        if random.random() < 0.25:
            words.append("not")
            pol -= s
        else:
            pol += s
        words.append(random.choice(POS if s > 0 else NEG))
    ids = [VOC[w] for w in words][:20]
    return ids + [0] * (20 - len(ids)), pol


data = []
while len(data) < 4000:
    ids, p = review()
    if p:
        data.append((ids, int(p > 0)))
X, Y = torch.tensor([d[0] for d in data]), torch.tensor([d[1] for d in data])


class Reviewer(nn.Module):
    def __init__(self):
        super().__init__()
        self.emb = nn.Embedding(len(VOC), 16, padding_idx=0)
        self.conv = nn.Conv1d(16, 32, 2)
        self.cls = nn.Linear(32, 2)

    def forward(self, t):
        h = torch.relu(self.conv(self.emb(t).transpose(1, 2)))
        return self.cls(h.sum(2) / 5)


model = Reviewer()
learning_rate = 2e-5
opt = torch.optim.AdamW(model.parameters(), lr=learning_rate, weight_decay=0.01)
num_epochs, bs = 12, 32
for epoch in range(num_epochs):
    model.train()
    s = 0
    for b in torch.randperm(3200).split(bs):
        loss = nn.functional.cross_entropy(model(X[b]), Y[b])
        opt.zero_grad(); loss.backward(); opt.step()
        s += loss.item() / 100
    model.eval()
    with torch.no_grad():
        z = model(X[3200:])
        print(f"epoch {epoch+1}/{num_epochs} train_loss={s:.4f} val_loss={nn.functional.cross_entropy(z, Y[3200:]).item():.4f} val_acc={(z.argmax(1) == Y[3200:]).float().mean().item():.4f}")
