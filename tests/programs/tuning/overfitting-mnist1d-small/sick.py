# fault: overfitting
import torch
import torch.nn as nn
import torch.nn.functional as F
from mnist1d.data import make_dataset, get_dataset_args

torch.manual_seed(0)
args = get_dataset_args()
args.num_samples = 400
args.train_split = 0.5
args.max_translation = 8
args.corr_noise_scale = 0.2
data = make_dataset(args)
x, y = torch.Tensor(data['x']), torch.LongTensor(data['y'])
xt, yt = torch.Tensor(data['x_test']), torch.LongTensor(data['y_test'])


class CNN(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.conv1 = nn.Conv1d(1, width, 5, padding=2)
        self.conv2 = nn.Conv1d(width, width, 5, padding=2)
        self.fc1 = nn.Linear(width * 10, 64)
        self.fc2 = nn.Linear(64, 10)

    def forward(self, x):
        x = F.max_pool1d(F.relu(self.conv1(x[:, None])), 2)
        x = F.max_pool1d(F.relu(self.conv2(x)), 2)
        return self.fc2(F.relu(self.fc1(x.flatten(1))))


model = CNN(32)
optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
epochs = 80
for epoch in range(epochs):
    model.train()
    tl, n = 0, 0
    for idx in torch.randperm(len(x)).split(40):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x[idx]), y[idx])
        loss.backward()
        optimizer.step()
        tl, n = tl + loss.item(), n + 1
    model.eval()
    with torch.no_grad():
        out = model(xt)
    if (epoch + 1) % (epochs // 10) == 0:
        print(f'epoch {epoch + 1}: train loss {tl / n:.4f}  val loss {F.cross_entropy(out, yt):.4f}  val acc {(out.argmax(1) == yt).float().mean():.3f}')
