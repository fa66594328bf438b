# healthy
import torch
import torch.nn as nn
from mnist1d.data import make_dataset, get_dataset_args

cfg = get_dataset_args()
cfg.num_samples, cfg.train_split = 5000, .8
raw = make_dataset(cfg)
X, Y = torch.tensor(raw['x'], dtype=torch.float32), torch.tensor(raw['y'])
Xv, Yv = torch.tensor(raw['x_test'], dtype=torch.float32), torch.tensor(raw['y_test'])
mu, sd = X.mean(), X.std()
X, Xv = (X - mu) / sd, (Xv - mu) / sd


def augment(x):
    """random circular shift by up to two samples"""
    return torch.stack([torch.roll(r, int(s)) for r, s in zip(x, torch.randint(-2, 3, (len(x),)))])


torch.manual_seed(1)
model = nn.Sequential(
    nn.Unflatten(1, (1, 40)),
    nn.Conv1d(1, 24, 5, padding=2), nn.ReLU(), nn.MaxPool1d(2),
    nn.Conv1d(24, 48, 3, padding=1), nn.ReLU(), nn.MaxPool1d(2),
    nn.Flatten(), nn.Dropout(.3), nn.Linear(480, 10))
criterion = nn.CrossEntropyLoss()
opt = torch.optim.AdamW(model.parameters(), lr=4e-3, weight_decay=.05)
EPOCHS = 12
sch = torch.optim.lr_scheduler.OneCycleLR(opt, 5e-3, total_steps=EPOCHS * 63)


def predicted_class(out):
    return out.argmax(1)


for ep in range(EPOCHS):
    model.train()
    tl = 0.
    for i in torch.randperm(len(X)).split(64):
        opt.zero_grad()
        loss = criterion(model(augment(X[i])), Y[i])
        loss.backward()
        opt.step()
        sch.step()
        tl += loss.item() / 63
    model.eval()
    with torch.no_grad():
        out = model(Xv)
        vl = criterion(out, Yv).item()
    print(f"{ep + 1:02d}: train {tl:.3f}  val {vl:.3f}  accuracy {(predicted_class(out) == Yv).float().mean().item():.3f}")
