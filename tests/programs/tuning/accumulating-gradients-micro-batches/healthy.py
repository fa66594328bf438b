# healthy
import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset
from mnist1d.data import get_dataset_args, make_dataset


class Trainer:
    def __init__(self, model, train_loader, val_loader, lr=1e-2, accum_steps=4):
        self.model = model
        self.train_loader = train_loader
        self.val_loader = val_loader
        self.accum_steps = accum_steps
        self.criterion = nn.CrossEntropyLoss()
        self.optimizer = torch.optim.SGD(model.parameters(), lr=lr, momentum=0.9)

    def train_one_epoch(self):
        self.model.train()
        total = 0.0
        for i, (x, y) in enumerate(self.train_loader):
            loss = self.criterion(self.model(x), y)
            (loss / self.accum_steps).backward()
            if (i + 1) % self.accum_steps == 0:
                self.optimizer.step()
                self.optimizer.zero_grad()
            total += loss.item()
        return total / len(self.train_loader)

    def validate(self):
        self.model.eval()
        right = n = 0
        loss = 0.0
        with torch.no_grad():
            for x, y in self.val_loader:
                out = self.model(x)
                loss += self.criterion(out, y).item() * len(y)
                right += (out.argmax(dim=1) == y).sum().item()
                n += len(y)
        return loss / n, right / n

    def fit(self, epochs):
        for epoch in range(epochs):
            train_loss = self.train_one_epoch()
            val_loss, val_acc = self.validate()
            print(f"epoch {epoch:02d} train_loss {train_loss:.4f} val_loss {val_loss:.4f} val_acc {val_acc:.4f}")


if __name__ == "__main__":
    torch.manual_seed(123)
    opts = get_dataset_args()
    opts.num_samples = 3600
    opts.max_translation = 8
    opts.corr_noise_scale = 0.1
    d = make_dataset(opts)
    to = lambda a, t: torch.tensor(a, dtype=t)
    train_ds = TensorDataset(to(d["x"], torch.float32), to(d["y"], torch.long))
    val_ds = TensorDataset(to(d["x_test"], torch.float32), to(d["y_test"], torch.long))
    net = nn.Sequential(nn.Linear(40, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10))
    Trainer(net, DataLoader(train_ds, 16, shuffle=True), DataLoader(val_ds, 256), lr=0.03).fit(10)
