# healthy
import torch
import torch.nn as nn
import torch.optim as optim
from torch.optim.lr_scheduler import OneCycleLR
from sklearn.datasets import load_digits
from torch.utils.data import DataLoader, TensorDataset, random_split

SEED, EPOCHS, BATCH = 17, 15, 64
torch.manual_seed(SEED)


def conv_block(cin, cout):
    return nn.Sequential(nn.Conv2d(cin, cout, 3, padding=1, bias=False), nn.BatchNorm2d(cout), nn.ReLU(inplace=True))


class SmallCNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(conv_block(1, 16), conv_block(16, 16), nn.MaxPool2d(2), conv_block(16, 32), nn.AdaptiveAvgPool2d(2))
        self.fc = nn.Linear(128, 10)

    def forward(self, x):
        return self.fc(torch.flatten(self.body(x), 1))


d = load_digits()
images = torch.tensor(d.images, dtype=torch.float32).unsqueeze(1)
images = (images - images.mean()) / images.std()
ds = TensorDataset(images, torch.tensor(d.target))
train_ds, val_ds = random_split(ds, [1397, 400])
train_dl = DataLoader(train_ds, BATCH, shuffle=True, drop_last=True)
val_dl = DataLoader(val_ds, 400)
model = SmallCNN()
opt = optim.SGD(model.parameters(), lr=0.01, momentum=0.9, nesterov=True, weight_decay=1e-3)
sched = OneCycleLR(opt, max_lr=0.1, epochs=EPOCHS, steps_per_epoch=len(train_dl))
loss_fn = nn.CrossEntropyLoss()
for epoch in range(EPOCHS):
    model.train()
    total = 0
    for x, y in train_dl:
        opt.zero_grad()
        loss = loss_fn(model(x), y)
        loss.backward()
        opt.step()
        sched.step()
        total += loss.item()
    model.eval()
    with torch.inference_mode():
        for x, y in val_dl:
            out = model(x)
            print(f"epoch {epoch+1:2d} train {total/len(train_dl):.4f} val {loss_fn(out, y).item():.4f} acc {(out.argmax(1)==y).float().mean().item():.4f}")
