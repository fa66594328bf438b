# fault: eval-mode-training
import torch
import torch.nn as nn
from mnist1d.data import make_dataset, get_dataset_args
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(7)
a = get_dataset_args()
a.num_samples = 2400
a.corr_noise_scale = 0.15
a.max_translation = 24
d = make_dataset(a)
Xtr = torch.tensor(d['x']).float().unsqueeze(1)
ytr = torch.tensor(d['y'])
Xte = torch.tensor(d['x_test']).float().unsqueeze(1)
yte = torch.tensor(d['y_test'])
loader = DataLoader(TensorDataset(Xtr, ytr), batch_size=64, shuffle=True, drop_last=True)


def conv(i, o):
    return nn.Sequential(nn.Conv1d(i, o, 5, padding=2, bias=False), nn.BatchNorm1d(o), nn.ReLU(), nn.MaxPool1d(2))


model = nn.Sequential(conv(1, 12), conv(12, 16), conv(16, 16), nn.Flatten(), nn.Dropout(0.2), nn.Linear(16 * 5, 10))
optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
loss_fn = nn.CrossEntropyLoss()


def evaluate():
    model.eval()
    with torch.no_grad():
        out = model(Xte)
        return loss_fn(out, yte).item(), (out.argmax(1) == yte).float().mean().item()


print('before training: loss %.3f acc %.3f' % evaluate())
for epoch in range(10):
    total = 0.0
    for xb, yb in loader:
        loss = loss_fn(model(xb), yb)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item()
    test_loss, test_acc = evaluate()
    print('epoch %d: train loss %.3f, test loss %.3f, test acc %.3f' % (epoch, total / len(loader), test_loss, test_acc))
