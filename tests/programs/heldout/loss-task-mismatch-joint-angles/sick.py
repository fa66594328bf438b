# fault: loss-task-mismatch
"""Inverse kinematics of a three-joint planar arm: end point positions of each link -> joint angles."""
import torch
import torch.nn as nn


class ArmDataset(torch.utils.data.Dataset):
    lengths = torch.tensor([1.0, 0.8, 0.5])

    def __init__(self, n, stats=None):
        angles = (torch.rand(n, 3) - 0.5) * 2.4
        total = angles.cumsum(1)
        px = (self.lengths * total.cos()).cumsum(1)
        py = (self.lengths * total.sin()).cumsum(1)
        pts = torch.cat([px, py], 1) + 0.01 * torch.randn(n, 6)
        if stats is None:
            stats = pts.mean(0), pts.std(0), angles.mean(0), angles.std(0)
        self.stats = stats
        self.x = (pts - stats[0]) / stats[1]
        self.y = (angles - stats[2]) / stats[3]

    def __len__(self):
        return len(self.x)

    def __getitem__(self, i):
        return self.x[i], self.y[i]


class ArmModel(nn.Module):
    def __init__(self, width=48):
        super().__init__()
        self.inp = nn.Linear(6, width)
        self.mid = nn.Linear(width, width)
        self.out = nn.Linear(width, 3)

    def forward(self, p):
        h = torch.tanh(self.inp(p))
        h = h + torch.tanh(self.mid(h))
        return self.out(h)


def main():
    torch.manual_seed(17)
    train = ArmDataset(2000)
    valid = ArmDataset(500, train.stats)
    loader = torch.utils.data.DataLoader(train, batch_size=50, shuffle=True)
    model = ArmModel()
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 25)
    for epoch in range(25):
        model.train()
        losses = []
        for x, y in loader:
            optimizer.zero_grad()
            loss = criterion(model(x), y)
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        scheduler.step()
        model.eval()
        with torch.no_grad():
            pred = model(valid.x)
            val = criterion(pred, valid.y).item()
            rms = ((pred - valid.y) * train.stats[3]).pow(2).mean().sqrt().item()
        if epoch % 2 == 0:
            print(f"epoch {epoch:2d}: train {sum(losses) / len(losses):.4f} valid {val:.4f} rms angle error {rms:.4f} rad")


if __name__ == '__main__':
    main()
