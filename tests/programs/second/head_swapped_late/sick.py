# fault: unoptimized-parameters
"""Transfer learning: pre-train on digits 0-4, then replace the head and fine-tune on 5-9."""
import torch
import torch.nn as nn
from sklearn.datasets import load_digits


class Backbone(nn.Module):
    def __init__(self, n_classes):
        super().__init__()
        self.features = nn.Sequential(nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
                                      nn.Conv2d(16, 24, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten())
        self.dropout = nn.Dropout(.4)
        self.fc = nn.Linear(96, n_classes)

    def forward(self, x):
        return self.fc(self.dropout(self.features(x)))


def split(images, target, classes, seed=0):
    pick = torch.isin(target, torch.tensor(classes))
    x, y = images[pick], target[pick] - classes[0]
    p = torch.randperm(len(x), generator=torch.Generator().manual_seed(seed))
    k = int(.75 * len(x))
    return (x[p[:k]], y[p[:k]]), (x[p[k:]], y[p[k:]])


def fit(model, opt, train, valid, epochs, tag):
    sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, epochs)
    for epoch in range(epochs):
        model.train()
        tl, nb = 0, 0
        for i in torch.randperm(len(train[0])).split(32):
            opt.zero_grad()
            loss = nn.functional.cross_entropy(model(train[0][i]), train[1][i])
            loss.backward()
            opt.step()
            tl += loss.item(); nb += 1
        sched.step()
        model.eval()
        with torch.no_grad():
            o = model(valid[0])
        print(f'[{tag}] epoch {epoch} train {tl / nb:.4f} valid {nn.functional.cross_entropy(o, valid[1]).item():.4f} '
              f'acc {(o.argmax(1) == valid[1]).float().mean().item():.3f}')


d = load_digits()
images = (torch.tensor(d.images, dtype=torch.float32).unsqueeze(1) / 16 - .305) / .376
target = torch.tensor(d.target)
torch.manual_seed(0)
model = Backbone(5)
# the backbone of the previous project, trained on digits 0-4
fit(model, torch.optim.AdamW(model.parameters(), lr=2e-3, weight_decay=.05), *split(images, target, [0, 1, 2, 3, 4]), epochs=10, tag='pretrain')

# --- fine-tuning on 5-9
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4, weight_decay=.05)
model.fc = nn.Linear(96, 5)
fit(model, optimizer, *split(images, target, [5, 6, 7, 8, 9]), epochs=20, tag='finetune')
