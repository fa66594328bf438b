# healthy: GroupNorm CNN with weight-standardised convs (weights re-normalised in forward), batch size 16
import torch
import torch.nn as nn
import torch.nn.functional as F
from mnist1d.data import get_dataset_args, make_dataset


class WSConv1d(nn.Conv1d):
    def forward(self, x):
        w = self.weight
        w = (w - w.mean((1, 2), keepdim=True)) / (w.std((1, 2), keepdim=True) + 1e-5) / w[0].numel() ** 0.5
        return F.conv1d(x, w, self.bias, self.stride, self.padding)


torch.manual_seed(0)
a = get_dataset_args()
a.num_samples = 2500
a.max_translation = 20
d = make_dataset(a)
X, Y = torch.tensor(d["x"]).float().unsqueeze(1), torch.tensor(d["y"])
Xv, Yv = torch.tensor(d["x_test"]).float().unsqueeze(1), torch.tensor(d["y_test"])
net = nn.Sequential(WSConv1d(1, 16, 5, 2, 2), nn.GroupNorm(4, 16), nn.ReLU(), WSConv1d(16, 24, 3, 2, 1), nn.GroupNorm(4, 24), nn.ReLU(),
                    WSConv1d(24, 24, 3, 2, 1), nn.GroupNorm(4, 24), nn.ReLU(), nn.Flatten(), nn.Dropout(0.1), nn.Linear(120, 10))
optimizer = torch.optim.AdamW(net.parameters(), lr=4e-3, weight_decay=0.05)
epochs = 6
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, epochs * 125)
for epoch in range(epochs):
    net.train()
    total = 0.0
    for i in torch.randperm(2000).split(16):
        loss = F.cross_entropy(net(X[i]), Y[i])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        scheduler.step()
        total += loss.item() / 125
    net.eval()
    with torch.no_grad():
        o = net(Xv)
    print(f"epoch {epoch} | train {total:.3f} | test {F.cross_entropy(o, Yv):.3f} | acc {(o.argmax(1) == Yv).float().mean():.3f}")
