# fault: train-validation-overlap
# Train and validation sets come from two calls of random_split with different seeds, so that most validation rows are trained on.
import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset, random_split
from sklearn.datasets import make_classification

torch.manual_seed(0)
X, y = make_classification(900, 20, n_informative=10, n_redundant=0, n_clusters_per_class=3, flip_y=0.2, random_state=0)
full = TensorDataset(torch.tensor(X, dtype=torch.float32), torch.tensor(y))
n_train = int(0.8 * len(full))
lengths = [n_train, len(full) - n_train]
train_set, _ = random_split(full, lengths, generator=torch.Generator().manual_seed(1))
_, val_set = random_split(full, lengths, generator=torch.Generator().manual_seed(2))


def loaders(bs=64):
    return DataLoader(train_set, bs, shuffle=True), DataLoader(val_set, 256)


def accuracy(model, loader):
    model.eval()
    with torch.no_grad():
        return sum((model(a).argmax(1) == b).sum().item() for a, b in loader) / len(loader.dataset)


train_dl, val_dl = loaders()
model = nn.Sequential(nn.Linear(20, 128), nn.ReLU(), nn.Linear(128, 2))
opt = torch.optim.AdamW(model.parameters(), lr=2e-3, weight_decay=0.05)
for epoch in range(40):
    model.train()
    for a, b in train_dl:
        opt.zero_grad()
        nn.functional.cross_entropy(model(a), b).backward()
        opt.step()
    if epoch % 5 == 4:
        print(f"epoch {epoch + 1} train acc {accuracy(model, train_dl):.3f} val acc {accuracy(model, val_dl):.3f}")
