"""Permuting hidden units gives h! equal minima; with an odd activation their signs give 2^h times as many."""

import math
from itertools import permutations, product

import torch

from rhobar.experiments.checks import at_most, near
from rhobar.experiments.experiment import Experiment, Result, Setting
from rhobar.experiments.pictures import versus
from rhobar.nn.activations import tanh
from rhobar.nn.losses import mse

__all__ = ["EXPERIMENT"]

_DIM, _N = 2, 12


def _trained(setting: Setting) -> tuple[list[torch.Tensor], torch.Tensor, torch.Tensor, torch.Tensor]:
    """Train y = v·tanh(s ⊙ (W x + b)) and return [W, b, v], the slopes s and the data; s = 1 but in the control."""
    generator, units = setting.generator(), setting.size(4, 6)
    x = torch.randn(_N, _DIM, generator=generator, dtype=torch.float64)
    y = torch.sin(2 * x[:, 0]) * x[:, 1]
    shapes = ((units, _DIM), (units,), (units,))
    params = [torch.randn(s, generator=generator, dtype=torch.float64).requires_grad_() for s in shapes]
    slopes = torch.linspace(0.5, 2, units, dtype=torch.float64) if setting.broken else torch.ones(units).double()
    optimizer = torch.optim.LBFGS(params, max_iter=150, tolerance_grad=1e-10, line_search_fn="strong_wolfe")

    def closure() -> torch.Tensor:
        optimizer.zero_grad()
        loss = _loss(params, slopes, x, y)
        loss.backward()
        return loss

    optimizer.step(closure)
    return [p.detach() for p in params], slopes, x, y


def _loss(params: list[torch.Tensor], slopes: torch.Tensor, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    W, b, v = params
    return mse(tanh(slopes * (x @ W.T + b)) @ v, y)


def _run(setting: Setting) -> Result:
    (W, b, v), slopes, x, y = _trained(setting)
    units = len(b)
    base = _loss([W, b, v], slopes, x, y).item()
    losses, points = [], set()
    for order in permutations(range(units)):
        o = torch.tensor(order)
        for bits in product((1.0, -1.0), repeat=units):
            signs = torch.tensor(bits, dtype=torch.float64)
            moved = [signs[:, None] * W[o], signs * b[o], signs * v[o]]
            losses.append(_loss(moved, slopes, x, y).item())
            points.add(tuple(torch.cat([p.flatten() for p in moved]).tolist()))
    expected = math.factorial(units) * 2**units
    shown = tuple(range(0, expected, 8))
    return Result(
        checks=(
            near("different parameter vectors: h! 2^h", float(expected), float(len(points)), relative=0.0),
            at_most("largest difference of their losses", 1e-12, max(losses) - min(losses)),
        ),
        figures=(
            versus("Loss of the permuted nets", "permutation", "squared error", shown, [base] * len(shown),
                   [losses[i] for i in shown]),
        ),
        notes=(f"{units} hidden units; with 100 there would be 10^158 equal minima from permutations alone.",),
    )  # fmt: skip


EXPERIMENT = Experiment(
    name="hidden-permutations",
    claim="With one activation for all h hidden units, every minimum has h! equal ones by permuting the units, and 2^h "
    "times as many by their signs if the activation is odd.",
    source="Hecht-Nielsen (1990), On the algebraic structure of feedforward network weight spaces; Chen et al. (1993).",
    textbook=("B62", "C-§9.2.1a"),
    control="units whose activations have different slopes",
    run=_run,
    formulas=(
        "rhobar.nn.activations.tanh",
        "rhobar.nn.losses.mse",
    ),
)
