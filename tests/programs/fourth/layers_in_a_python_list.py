# fault: unoptimized-parameters
"""User–item style ranking of wines? No: a residual MLP on MNIST-1D whose blocks sit in a plain list."""
import mnist1d.data
import torch
import torch.nn as nn


class Block(nn.Module):
    def __init__(self, w):
        super().__init__()
        self.fc1, self.fc2 = nn.Linear(w, w), nn.Linear(w, w)

    def forward(self, x):
        return torch.relu(x + self.fc2(torch.relu(self.fc1(x))))


class ResMLP(nn.Module):
    def __init__(self, w=64, depth=3):
        super().__init__()
        self.stem = nn.Linear(40, w)
        self.blocks = [Block(w) for _ in range(depth)]
        self.head = nn.Linear(w, 10)

    def forward(self, x):
        x = torch.relu(self.stem(x))
        for blk in self.blocks:
            x = blk(x)
        return self.head(x)


def main():
    torch.manual_seed(0)
    a = mnist1d.data.get_dataset_args()
    a.num_samples = 4000
    d = mnist1d.data.make_dataset(a)
    x, y = torch.tensor(d["x"]).float(), torch.tensor(d["y"])
    xt, yt = torch.tensor(d["x_test"]).float(), torch.tensor(d["y_test"])
    net = ResMLP()
    print("params:", sum(p.numel() for p in net.parameters()))
    opt = torch.optim.AdamW(net.parameters(), lr=1e-3)
    ce = nn.CrossEntropyLoss()
    for epoch in range(12):
        net.train()
        for b in torch.randperm(len(x)).split(64):
            opt.zero_grad()
            loss = ce(net(x[b]), y[b])
            loss.backward()
            opt.step()
        net.eval()
        with torch.no_grad():
            print(f"epoch {epoch} train {loss.item():.3f} test acc {(net(xt).argmax(1) == yt).float().mean().item():.3f}")


main()
