# fault: unstable-optimizer-setting or learning-rate-too-low
# ReduceLROnPlateau watches a loss with mode="max": every improvement counts as a plateau and the rate dies.
import torch
import torch.nn as nn
from torch.optim.lr_scheduler import ReduceLROnPlateau
from mnist1d.data import make_dataset, get_dataset_args

torch.manual_seed(0)
args = get_dataset_args()
args.num_samples = 3000
data = make_dataset(args)
x_train = torch.tensor(data["x"], dtype=torch.float32)
y_train = torch.tensor(data["y"])
x_test = torch.tensor(data["x_test"], dtype=torch.float32)
y_test = torch.tensor(data["y_test"])


class ConvNet(nn.Module):
    def __init__(self, c=20):
        super().__init__()
        self.net = nn.Sequential(
            nn.Conv1d(1, c, 5, stride=2, padding=1), nn.ReLU(),
            nn.Conv1d(c, c, 3, stride=2, padding=1), nn.ReLU(),
            nn.Conv1d(c, c, 3, stride=2, padding=1), nn.ReLU(),
        )
        self.head = nn.Linear(c * 5, 10)

    def forward(self, x):
        return self.head(self.net(x.unsqueeze(1)).flatten(1))


model = ConvNet()
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
scheduler = ReduceLROnPlateau(optimizer, mode="max", factor=0.1, patience=1)
for epoch in range(15):
    model.train()
    tot = 0
    for idx in torch.randperm(len(x_train)).split(64):
        optimizer.zero_grad()
        loss = criterion(model(x_train[idx]), y_train[idx])
        loss.backward()
        optimizer.step()
        tot += loss.item() * len(idx)
    model.eval()
    with torch.no_grad():
        out = model(x_test)
        val_loss = criterion(out, y_test)
        acc = (out.argmax(1) == y_test).float().mean()
    scheduler.step(val_loss)
    print(f"epoch {epoch:02d} lr {optimizer.param_groups[0]['lr']:.1e} loss {tot / len(x_train):.4f} val_loss {val_loss:.4f} val_acc {acc:.4f}")
