"""Two minima of a net with idle units are joined by a path that never rises, where the straight line does."""

from itertools import pairwise

import torch
from torch import nn

from rhobar.experiments.checks import at_least, at_most
from rhobar.experiments.experiment import Experiment, Result, Setting
from rhobar.probes.landscape import linear_path
from rhobar.probes.survey import Curve, Plot

__all__ = ["EXPERIMENT"]

_UNITS, _N = 6, 25


class _Net(nn.Module):
    """v·tanh(W x + b)."""

    def __init__(self, W: torch.Tensor, b: torch.Tensor, v: torch.Tensor) -> None:
        super().__init__()
        self.W, self.b, self.v = (nn.Parameter(p.clone()) for p in (W, b, v))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.tanh(x * self.W + self.b) @ self.v


def _solution(x: torch.Tensor, y: torch.Tensor, generator: torch.Generator) -> list[torch.Tensor]:
    """Train a net of six units."""
    scales = ((2.0, _UNITS), (1.0, _UNITS), (0.5, _UNITS))
    net = _Net(*(s * torch.randn(n, generator=generator, dtype=torch.float64) for s, n in scales))
    optimizer = torch.optim.LBFGS(net.parameters(), max_iter=150, line_search_fn="strong_wolfe")

    def closure() -> torch.Tensor:
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(net(x), y)
        loss.backward()
        return loss

    optimizer.step(closure)
    return [p.detach() for p in (net.W, net.b, net.v)]


def _corners(a: list[torch.Tensor], b: list[torch.Tensor], *, idle: bool) -> list[_Net]:
    """Return the corners of the path; the units of each solution idle in the other's half.

    While the outgoing weights of a half are zero its incoming ones may be anything; and the loss is convex in the
    outgoing weights, so that on the line between two of them it stays below the higher end.
    """
    (Wa, ba, va), (Wb, bb, vb) = a, b
    zero, join = torch.zeros_like(va), torch.cat
    if not idle:
        return [_Net(Wa, ba, va), _Net(Wb, bb, vb)]
    return [
        _Net(join([Wa, Wa]), join([ba, ba]), join([va, zero])),
        _Net(join([Wa, Wb]), join([ba, bb]), join([va, zero])),
        _Net(join([Wa, Wb]), join([ba, bb]), join([zero, vb])),
        _Net(join([Wb, Wb]), join([bb, bb]), join([zero, vb])),
    ]


def _run(setting: Setting) -> Result:
    x = torch.linspace(-2, 2, _N, dtype=torch.float64)[:, None]
    y = torch.sin(3 * x[:, 0])
    generator = setting.generator()
    corners = _corners(_solution(x, y, generator), _solution(x, y, generator), idle=not setting.broken)
    points = setting.size(11, 101)
    pieces = [
        linear_path(first, nn.functional.mse_loss, [(x, y)], last, num_points=points)
        for first, last in pairwise(corners)
    ]
    line = linear_path(corners[0], nn.functional.mse_loss, [(x, y)], corners[-1], num_points=points)
    losses = torch.cat([piece.losses for piece in pieces])
    ends = max(losses[0].item(), losses[-1].item())
    places = tuple(torch.linspace(0, 1, len(losses)).tolist())
    return Result(
        checks=(
            at_most("highest loss on the path less the higher end", 1e-12, losses.max().item() - ends),
            at_least("barrier on the straight line over the higher end", 1.0, line.barrier.value / ends),
        ),
        figures=(
            Plot(
                "Loss between two minima", "way", "squared error",
                (
                    Curve("measured, path", places, tuple(losses.tolist())),
                    Curve("measured, straight line", tuple(line.positions.tolist()), tuple(line.losses.tolist())),
                    Curve("predicted ceiling", (0.0, 1.0), (ends, ends)),
                ),
            ),
        ),
        notes=("Flatness, small curvature at a point, is another idea than connectivity, a low path between points.",),
    )  # fmt: skip


EXPERIMENT = Experiment(
    name="mode-connectivity",
    claim="In a net with twice the units that its two solutions need, and a convex loss, they are joined by three "
    "lines on which the loss never exceeds the higher end, though it does on the straight line.",
    source="Kuditipudi et al. (2019), Explaining landscape connectivity, theorem 1; Garipov et al. (2018).",
    textbook=("C-§9.2.1c", "B62"),
    control="no idle units: only the straight line is left",
    run=_run,
    formulas=("rhobar.probes.landscape.linear_path",),
)
