# healthy
# dropout of a half
import mnist1d.data
import torch
from torch import nn

cfg = mnist1d.data.get_dataset_args()
cfg.num_samples = 3000
dataset = mnist1d.data.make_dataset(cfg)
to = lambda a, t: torch.tensor(a, dtype=t)
xtr, ytr = to(dataset["x"], torch.float32), to(dataset["y"], torch.long)
xte, yte = to(dataset["x_test"], torch.float32), to(dataset["y_test"], torch.long)
torch.manual_seed(1)
drop_prob = 0.2


class ConvBase(nn.Module):
    def __init__(self, c=24):
        super().__init__()
        self.conv1 = nn.Conv1d(1, c, 5, stride=2, padding=1)
        self.conv2 = nn.Conv1d(c, c, 3, stride=2, padding=1)
        self.conv3 = nn.Conv1d(c, c, 3, stride=2, padding=1)
        self.drop = nn.Dropout(drop_prob)
        self.linear = nn.Linear(c * 5, 64)
        self.head = nn.Linear(64, 10)

    def forward(self, x):
        x = x.view(-1, 1, x.shape[-1])
        h1 = self.conv1(x).relu()
        h2 = self.conv2(h1).relu()
        h3 = self.conv3(h2).relu()
        h = self.drop(h3.flatten(1))
        return self.head(self.drop(self.linear(h).relu()))


model = ConvBase()
opt = torch.optim.Adam(model.parameters(), 2e-3)
for epoch in range(10):
    model.train()
    losses = []
    for b in torch.randperm(len(xtr)).split(100):
        loss = nn.functional.cross_entropy(model(xtr[b]), ytr[b])
        loss.backward()
        opt.step()
        opt.zero_grad()
        losses.append(loss.item())
    model.eval()
    with torch.no_grad():
        out = model(xte)
        print(epoch, "train", sum(losses) / len(losses), "eval", nn.functional.cross_entropy(out, yte).item(), "acc", (out.argmax(1) == yte).float().mean().item())
