# fault: too-few-epochs
import argparse
import torch
import torch.nn as nn
from mnist1d.data import make_dataset, get_dataset_args
from torch.utils.data import DataLoader, TensorDataset

parser = argparse.ArgumentParser()
parser.add_argument("--epochs", type=int, default=1)
parser.add_argument("--batch_size", type=int, default=80)
parser.add_argument("--learning_rate", type=float, default=3e-3)
parser.add_argument("--samples", type=int, default=3200)
FLAGS = parser.parse_args()

torch.manual_seed(0)
cfg = get_dataset_args()
cfg.num_samples = FLAGS.samples
cfg.max_translation = 12
cfg.corr_noise_scale = 0.1
d = make_dataset(cfg)
train = TensorDataset(torch.tensor(d["x"]).float().unsqueeze(1), torch.tensor(d["y"]))
val = TensorDataset(torch.tensor(d["x_test"]).float().unsqueeze(1), torch.tensor(d["y_test"]))


class Residual(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv1d(c, c, 3, padding=1), nn.Conv1d(c, c, 3, padding=1)

    def forward(self, x):
        return torch.relu(x + self.conv2(torch.relu(self.conv1(x))))


model = nn.Sequential(nn.Conv1d(1, 16, 5, stride=2, padding=2), nn.ReLU(), Residual(16), nn.MaxPool1d(2), Residual(16), nn.Flatten(), nn.Linear(160, 10))
optimizer = torch.optim.Adam(model.parameters(), lr=FLAGS.learning_rate)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, FLAGS.epochs)
criterion = nn.CrossEntropyLoss()

for epoch in range(FLAGS.epochs):
    model.train()
    for step, (x, y) in enumerate(DataLoader(train, FLAGS.batch_size, shuffle=True)):
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        if step % 16 == 15:
            print(f"epoch {epoch} step {step + 1} loss {loss.item():.4f}")
    scheduler.step()
    model.eval()
    with torch.no_grad():
        x, y = val.tensors
        out = model(x)
        print(f"epoch {epoch} val_loss {criterion(out, y).item():.4f} val_acc {(out.argmax(1) == y).float().mean().item():.4f}")
