# healthy
# strong dropout, eval mode in validation
"""Multi-label scene tags."""
import torch
import torch.nn as nn
from sklearn.datasets import make_multilabel_classification

torch.manual_seed(27)
X, Y = make_multilabel_classification(2000, n_features=30, n_classes=6, n_labels=2, random_state=27)
X = torch.tensor((X - X.mean(0)) / X.std(0), dtype=torch.float32)
Y = torch.tensor(Y, dtype=torch.float32)


class TagNet(nn.Module):
    def __init__(self, p=0.6):
        super().__init__()
        self.seq = nn.Sequential(nn.Linear(30, 128), nn.ReLU(), nn.Dropout(p), nn.Linear(128, 128), nn.ReLU(), nn.Dropout(p), nn.Linear(128, 6))

    def forward(self, x):
        return self.seq(x)


def micro_f1(logit, y):
    p = logit > 0
    tp = (p & (y > 0)).sum()
    return (2 * tp / (p.sum() + y.sum())).item()


net = TagNet()
opt = torch.optim.Adam(net.parameters(), lr=1e-3)
bce = nn.BCEWithLogitsLoss()
for epoch in range(20):
    net.train()
    for b in torch.randperm(1600).split(64):
        loss = bce(net(X[b]), Y[b])
        opt.zero_grad()
        loss.backward()
        opt.step()
    net.eval()
    with torch.no_grad():
        val_losses, f1s = [], []
        for b in torch.arange(1600, 2000).split(100):
            out = net(X[b])
            val_losses.append(bce(out, Y[b]).item())
            f1s.append(micro_f1(out, Y[b]))
    print(f"epoch {epoch}: val loss {sum(val_losses) / 4:.4f} micro-F1 {sum(f1s) / 4:.4f}")
net.eval()
print("deployed micro-F1", micro_f1(net(X[1600:]), Y[1600:]))
