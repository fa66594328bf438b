# healthy
import argparse
import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset


def make_buildings(n):
    """Heating demand from glazing, insulation, outside temperature, floor area, occupancy (all standardised)."""
    x = torch.randn(n, 5)
    demand = 0.8 * x[:, 3] - 0.9 * torch.relu(x[:, 2]) + 0.5 * x[:, 0] * x[:, 2] - 0.4 * x[:, 1] ** 2 + 0.2 * x[:, 4]
    demand = demand + 0.1 * torch.randn(n)
    demand = (demand - demand.mean()) / demand.std()
    return x, demand.unsqueeze(1)


def run(args):
    torch.manual_seed(args.seed)
    x, y = make_buildings(args.n)
    cut = int(args.n * 0.75)
    dl = DataLoader(TensorDataset(x[:cut], y[:cut]), shuffle=True, batch_size=args.bs)
    model = nn.Sequential(nn.Linear(5, args.width), nn.ReLU(), nn.Linear(args.width, args.width), nn.ReLU(), nn.Linear(args.width, 1))
    opt = torch.optim.SGD(model.parameters(), lr=args.lr, momentum=0.9)
    criterion = nn.MSELoss()
    for epoch in range(args.epochs):
        model.train()
        s = 0
        for xb, yb in dl:
            out = model(xb)
            loss = criterion(out, yb)
            opt.zero_grad(set_to_none=True)
            loss.backward()
            opt.step()
            s += loss.item()
        model.eval()
        with torch.no_grad():
            out = model(x[cut:])
            val = criterion(out, y[cut:]).item()
            mae = (out - y[cut:]).abs().mean().item()
        print(f"epoch {epoch} train {s / len(dl):.4f} val {val:.4f} val MAE {mae:.4f}")


if __name__ == "__main__":
    p = argparse.ArgumentParser()
    p.add_argument("--n", type=int, default=2400)
    p.add_argument("--bs", type=int, default=40)
    p.add_argument("--width", type=int, default=32)
    p.add_argument("--lr", type=float, default=0.01)
    p.add_argument("--epochs", type=int, default=25)
    p.add_argument("--seed", type=int, default=0)
    run(p.parse_args())
