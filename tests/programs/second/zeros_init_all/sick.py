# fault: symmetric-initialization
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


def make_rings(n, seed):
    g = torch.Generator().manual_seed(seed)
    label = torch.randint(0, 3, (n,), generator=g)
    radius = label + .5 + .15 * torch.randn(n, generator=g)
    direction = nn.functional.normalize(torch.randn(n, 4, generator=g), dim=1)
    return direction * radius[:, None], label


def weights_init(m):
    if isinstance(m, nn.Linear):
        nn.init.constant_(m.weight, 0.05)
        nn.init.constant_(m.bias, 0.0)


class RingNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(4, 64), nn.Tanh(), nn.Linear(64, 64), nn.Tanh(), nn.Linear(64, 3))
        self.apply(weights_init)

    def forward(self, x):
        return self.layers(x)


def main():
    torch.manual_seed(0)
    train = DataLoader(TensorDataset(*make_rings(4000, 1)), batch_size=80, shuffle=True)
    xv, yv = make_rings(1000, 2)
    model, criterion = RingNet(), nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=25)
    for epoch in range(1, 26):
        model.train()
        total = 0.0
        for x, y in train:
            optimizer.zero_grad()
            loss = criterion(model(x), y)
            loss.backward()
            optimizer.step()
            total += loss.item() / len(train)
        scheduler.step()
        if epoch % 5 == 0:
            model.eval()
            with torch.no_grad():
                out = model(xv)
            print(f"Epoch {epoch}: train {total:.4f}, valid {criterion(out, yv):.4f}, acc {(out.argmax(1) == yv).float().mean():.3f}")


main()
