"""Where a detach cuts the graph, layers above it stay as drawn: the best loss is that of random features."""

import torch
from torch import nn

from rhobar.experiments.checks import at_most, near
from rhobar.experiments.experiment import Experiment, Result, Setting
from rhobar.nn.losses import mse
from rhobar.probes.survey import Curve, Plot

__all__ = ["EXPERIMENT"]

_DIM, _N = 3, 60
_WIDTHS = (2, 4, 8, 16)


def _trained(width: int, x: torch.Tensor, y: torch.Tensor, setting: Setting) -> tuple[float, float, float]:
    """Train a net whose hidden features are detached; return the loss, that of least squares, and the move above."""
    with torch.random.fork_rng():
        torch.manual_seed(1000 * setting.seed + width)
        body, head = nn.Sequential(nn.Linear(_DIM, width), nn.Tanh()).double(), nn.Linear(width, 1).double()
    params = [*body.parameters(), *head.parameters()]
    start = [p.detach().clone() for p in body.parameters()]
    with torch.no_grad():
        features = torch.cat([body(x), torch.ones(len(x), 1, dtype=torch.float64)], 1)
    best = torch.linalg.lstsq(features, y).solution
    floor = (features @ best - y).square().mean().item()
    limit = 200 if setting.broken else 2000
    optimizer = torch.optim.LBFGS(
        params, max_iter=limit, tolerance_grad=1e-10, tolerance_change=1e-14, line_search_fn="strong_wolfe"
    )

    def closure() -> torch.Tensor:
        optimizer.zero_grad()
        hidden = body(x)
        loss = mse(head(hidden if setting.broken else hidden.detach()), y)
        loss.backward()
        return loss

    optimizer.step(closure)
    with torch.no_grad():
        loss = mse(head(body(x)), y).item()
    moved = max((p - s).abs().max().item() for p, s in zip(body.parameters(), start, strict=True))
    return loss, floor, moved


def _run(setting: Setting) -> Result:
    generator = setting.generator()
    x = torch.randn(setting.size(_N, 5 * _N), _DIM, generator=generator, dtype=torch.float64)
    y = torch.sin(2 * x[:, :1]) + x[:, 1:2] * x[:, 2:3]
    seen = [_trained(width, x, y, setting) for width in _WIDTHS]
    places = tuple(float(w) for w in _WIDTHS)
    return Result(
        checks=(
            *(
                near(f"loss with {w} detached features: that of least squares on them as drawn", floor, loss,
                     relative=1e-4)
                for w, (loss, floor, _) in zip(_WIDTHS, seen, strict=True)
            ),
            at_most("largest move of a weight above the cut", 0.0, max(moved for *_, moved in seen)),
        ),
        figures=(
            Plot("Loss with a cut above the head", "hidden units", "mean squared error",
                 (Curve("predicted: least squares on random features", places, tuple(floor for _, floor, _ in seen)),
                  Curve("measured", places, tuple(loss for loss, *_ in seen))), log=True),
        ),
        notes=("A wide net hides the fault: random features then suffice. A narrow one is stuck at their error.",),
    )  # fmt: skip


EXPERIMENT = Experiment(
    name="cut-graph-trains-the-head",
    claim="If the hidden features are detached, training ends at the loss of least squares on the features as "
    "drawn, and no weight above the cut moves.",
    source="PyTorch documentation, Autograd mechanics; Rahimi and Recht (2008) for random features.",
    textbook=("A48",),
    control="nothing is detached",
    run=_run,
    formulas=("rhobar.nn.losses.mse",),
    findings=("detached-parameters", "underfitting"),
)
