# healthy
from dataclasses import dataclass, field
from typing import List

import torch
from torch import nn, Tensor


@dataclass
class ModelConfig:
    n_inputs: int = 2
    widths: List[int] = field(default_factory=lambda: [48, 48, 48])


@dataclass
class TrainConfig:
    steps: int = 1500
    batch: int = 128
    lr: float = 2e-3
    log_every: int = 150


class SurfaceModel(nn.Module):
    def __init__(self, cfg: ModelConfig):
        super().__init__()
        sizes = [cfg.n_inputs] + cfg.widths
        self.layers = nn.ModuleList([nn.Linear(a, b) for a, b in zip(sizes[:-1], sizes[1:])])
        self.readout = nn.Linear(sizes[-1], 1)

    def forward(self, xy: Tensor) -> Tensor:
        h = xy
        for layer in self.layers:
            h = torch.tanh(layer(h))
        return self.readout(h)


def surface(xy: Tensor) -> Tensor:
    z = torch.sin(2 * xy[:, :1]) * torch.cos(1.5 * xy[:, 1:]) + 0.3 * xy[:, :1]
    return z / 0.6


def main() -> None:
    torch.manual_seed(9)
    tc = TrainConfig()
    model = SurfaceModel(ModelConfig())
    opt = torch.optim.AdamW(model.parameters(), lr=tc.lr, weight_decay=1e-4)
    sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, tc.steps)
    grid = torch.randn(1000, 2)
    for step in range(1, tc.steps + 1):
        xy = torch.randn(tc.batch, 2)
        target = surface(xy) + 0.05 * torch.randn(tc.batch, 1)
        loss = nn.functional.mse_loss(model(xy), target)
        opt.zero_grad()
        loss.backward()
        opt.step()
        sched.step()
        if step % tc.log_every == 0:
            with torch.no_grad():
                test = nn.functional.mse_loss(model(grid), surface(grid))
            print(f"step {step:>5}  loss {loss.item():.5f}  grid {test.item():.5f}")


if __name__ == "__main__":
    main()
