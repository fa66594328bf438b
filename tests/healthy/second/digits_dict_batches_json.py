# healthy
# Dataset with on-the-fly augmentation, DataLoader, json config, checkpoint of the best epoch
import json, tempfile, os
import torch
from torch import nn
from torch.utils.data import Dataset, DataLoader
from sklearn.datasets import load_digits

CONFIG = json.loads('{"seed": 5, "batch_size": 32, "lr": 0.004, "epochs": 24, "hidden": [96, 48], "dropout": 0.2}')
torch.manual_seed(CONFIG["seed"])


class ShiftedDigits(Dataset):
    def __init__(self, images, labels, augment):
        self.images, self.labels, self.augment = images, labels, augment

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, index):
        img = self.images[index]
        if self.augment:
            img = img + 0.08 * torch.randn_like(img)
            img = img * (0.9 + 0.2 * torch.rand(1))
        return {"image": img.flatten(), "label": self.labels[index]}


d = load_digits()
img = torch.tensor(d.images, dtype=torch.float32) / 16
lab = torch.tensor(d.target)
order = torch.randperm(len(lab))
train_dl = DataLoader(ShiftedDigits(img[order[:1400]], lab[order[:1400]], True), CONFIG["batch_size"], shuffle=True)
valid_dl = DataLoader(ShiftedDigits(img[order[1400:]], lab[order[1400:]], False), 128)
sizes = [64, *CONFIG["hidden"]]
layers = []
for a, b in zip(sizes, sizes[1:]):
    layers += [nn.Linear(a, b), nn.ReLU(), nn.Dropout(CONFIG["dropout"])]
net = nn.Sequential(*layers, nn.Linear(sizes[-1], 10))
opt = torch.optim.Adam(net.parameters(), lr=CONFIG["lr"])
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, CONFIG["epochs"])
ce = nn.CrossEntropyLoss()
best = float("inf")
ckpt = os.path.join(tempfile.mkdtemp(), "best.pt")
for epoch in range(CONFIG["epochs"]):
    net.train()
    total = 0
    for batch in train_dl:
        opt.zero_grad()
        loss = ce(net(batch["image"]), batch["label"])
        loss.backward()
        opt.step()
        total += loss.item()
    sched.step()
    net.eval()
    vl = hits = n = 0
    with torch.no_grad():
        for batch in valid_dl:
            out = net(batch["image"])
            vl += ce(out, batch["label"]).item() * len(out)
            hits += (out.argmax(1) == batch["label"]).sum().item()
            n += len(out)
    if vl / n < best:
        best = vl / n
        torch.save(net.state_dict(), ckpt)
    print(json.dumps({"epoch": epoch, "train": round(total / len(train_dl), 4), "val": round(vl / n, 4), "acc": round(hits / n, 4)}))
net.load_state_dict(torch.load(ckpt))
