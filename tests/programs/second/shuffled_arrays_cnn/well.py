# healthy
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from mnist1d.data import make_dataset, get_dataset_args

args = get_dataset_args()
args.num_samples = 6000
data = make_dataset(args)
x = np.concatenate([data['x'], data['x_test']]).astype(np.float32)
y = np.concatenate([data['y'], data['y_test']])
x = (x - x.mean()) / x.std()


def shuffle_together(a, b, seed):
    np.random.seed(seed)
    np.random.shuffle(a)
    np.random.seed(seed)
    np.random.shuffle(b)
    return a, b


x, y = shuffle_together(x, y, seed=1234)
x_train, y_train = torch.from_numpy(x[:5000]), torch.from_numpy(y[:5000])
x_test, y_test = torch.from_numpy(x[5000:]), torch.from_numpy(y[5000:])


class ConvNet(nn.Module):
    def __init__(self, ch=32, classes=10):
        super().__init__()
        self.conv1 = nn.Conv1d(1, ch, 5, stride=2, padding=1)
        self.conv2 = nn.Conv1d(ch, ch, 3, stride=2, padding=1)
        self.conv3 = nn.Conv1d(ch, ch, 3, stride=2, padding=1)
        self.drop = nn.Dropout(0.3)
        self.linear = nn.Linear(5 * ch, classes)

    def forward(self, x):
        x = F.relu(self.conv1(x.unsqueeze(1)))
        x = F.relu(self.conv2(x))
        x = F.relu(self.conv3(x))
        return self.linear(self.drop(x.flatten(1)))


torch.manual_seed(0)
model = ConvNet()
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2, weight_decay=5e-2)
EPOCHS, BATCH = 16, 100
sched = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=8e-3, total_steps=EPOCHS * 50)
for epoch in range(EPOCHS):
    model.train()
    train_loss = 0
    for idx in torch.randperm(5000).split(BATCH):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x_train[idx]), y_train[idx])
        loss.backward()
        optimizer.step()
        sched.step()
        train_loss += loss.item() / 50
    model.eval()
    with torch.no_grad():
        out = model(x_test)
    print(f"epoch {epoch} train loss {train_loss:.3f} test loss {F.cross_entropy(out, y_test):.3f} "
          f"test acc {(out.argmax(1) == y_test).float().mean():.3f}")
