# fault: clipping-always-active
import torch
import torch.nn as nn
from dataclasses import dataclass


@dataclass
class Settings:
    lr: float = 0.05
    clip: float = 1e-3
    batch: int = 50
    epochs: int = 20
    seed: int = 5


def measurements(n):
    """traffic, wind, rain, temperature, hour (two columns) -> NO2"""
    traffic, wind, rain, temp = torch.randn(4, n)
    hour = torch.rand(n) * 6.2832
    no2 = traffic - 0.7 * wind - 0.4 * torch.relu(rain) + 0.4 * temp * torch.sin(hour) + 0.5 * torch.cos(2 * hour)
    x = torch.stack([traffic, wind, rain, temp, 1.41 * torch.sin(hour), 1.41 * torch.cos(hour)], 1)
    return x, ((no2 + 0.16) / 1.36 + 0.1 * torch.randn(n)).unsqueeze(1)


def main(s=Settings()):
    torch.manual_seed(s.seed)
    x, y = measurements(2500)
    xv, yv = measurements(500)
    model = nn.Sequential(nn.Linear(6, 48), nn.ReLU(), nn.Linear(48, 48), nn.ReLU(), nn.Linear(48, 1))
    optimizer = torch.optim.SGD(model.parameters(), lr=s.lr)
    for epoch in range(s.epochs):
        mean_loss = 0.0
        for rows in torch.randperm(len(x)).split(s.batch):
            loss = nn.functional.mse_loss(model(x[rows]), y[rows])
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm=s.clip)
            optimizer.step()
            mean_loss += loss.item() * len(rows) / len(x)
        with torch.no_grad():
            val = nn.functional.mse_loss(model(xv), yv).item()
        print(f"{epoch + 1:3d}/{s.epochs}  train {mean_loss:.4f}  val {val:.4f}")


main()
