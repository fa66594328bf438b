"""The variance of a mini-batch gradient is tr Σ/B, and (N − B)/(N − 1) of that without replacement."""

import torch
from torch import Tensor

from rhobar.experiments.checks import Check, equal, near
from rhobar.experiments.experiment import Experiment, Result, Setting
from rhobar.nn.backprop import gradient_cost
from rhobar.probes.estimate import Estimate, mean_of
from rhobar.probes.survey import Curve, Plot

__all__ = ["EXPERIMENT"]

_ROWS = 64
_SIZES = (1, 2, 4, 8, 16, 32, 64)


def _sample_gradients(setting: Setting) -> Tensor:
    """Return the gradients of ½(x·w − y)² of a fixed training set at a random w, one row a sample."""
    generator = setting.generator()
    x = torch.randn(_ROWS, 10, generator=generator, dtype=torch.float64)
    y, w = x[:, 0] + 0.5 * x[:, 1], torch.randn(10, generator=generator, dtype=torch.float64)
    return (x @ w - y)[:, None] * x


def _batches(B: int, draws: int, *, replacement: bool, setting: Setting) -> Tensor:
    """Return indices, one row a batch; in the control each is one sample, B times."""
    generator = setting.generator(B + 1000 * replacement)
    if setting.broken:
        return torch.randint(_ROWS, (draws, 1), generator=generator).expand(draws, B)
    if replacement:
        return torch.randint(_ROWS, (draws, B), generator=generator)
    return torch.rand(draws, _ROWS, generator=generator).argsort(1)[:, :B]


def _variance(g: Tensor, index: Tensor) -> Estimate:
    return mean_of((g[index].mean(1) - g.mean(0)).square().sum(1))


def _operations(B: int) -> int:
    """Return what forward and backward pass of a linear model cost on a batch."""
    layer = torch.nn.Linear(10, 1)
    cost = gradient_cost(lambda: layer(torch.zeros(B, 10)).square().mean(), list(layer.parameters()))
    return cost.forward + cost.backward


def _run(setting: Setting) -> Result:
    g = _sample_gradients(setting)
    trace = float((g - g.mean(0)).square().sum(1).mean())
    draws = setting.size(2000, 50_000)
    checks: list[Check] = []
    curves: list[Curve] = []
    places = tuple(map(float, _SIZES))
    for name, replacement in (("with", True), ("without", False)):
        theory = [trace / B * (1.0 if replacement else (_ROWS - B) / (_ROWS - 1)) for B in _SIZES]
        found = [_variance(g, _batches(B, draws, replacement=replacement, setting=setting)) for B in _SIZES]
        checks += [
            equal(f"B = {B}, {name} replacement: E‖ḡ − G‖² B / tr Σ", B * t / trace, _times(f, B / trace), bias=1e-12)
            for B, t, f in zip(_SIZES, theory, found, strict=True)
        ]
        curves.append(
            Curve(f"theory, {name}", places, tuple(B * t / trace for B, t in zip(_SIZES, theory, strict=True)))
        )
        curves.append(Curve(f"{name} replacement", places, tuple(B * f.value / trace for B, f in _pairs(found))))
    once = _operations(1)
    checks += [
        near(
            f"operations of a gradient on {B} samples: {B} times those on one",
            float(B),
            _operations(B) / once,
            relative=1e-12,
        )
        for B in (16, 64)
    ]
    return Result(
        checks=tuple(checks),
        figures=(
            Plot("Variance of the batch's gradient", "batch size B", "B E‖ḡ − G‖² / tr Σ", tuple(curves), log=True),
        ),
        notes=("Without replacement, as epochs draw, the noise of a batch is smaller, and none for the whole set.",),
    )


def _times(e: Estimate, factor: float) -> Estimate:
    return Estimate(e.value * factor, e.stderr * factor)


def _pairs(found: list[Estimate]) -> list[tuple[int, Estimate]]:
    return list(zip(_SIZES, found, strict=True))


EXPERIMENT = Experiment(
    name="batch-averages-noise",
    claim="Batches of B independent draws estimate the gradient without bias and with the variance tr Σ/B.",
    source="Cochran (1977), Sampling techniques, theorem 2.2, for the factor (N − B)/(N − 1).",
    textbook=("A56", "C34", "B18", "C-§5.1.1", "C-§5.1.2", "B30"),
    control="a batch holds B times the same sample, as sorted data do",
    run=_run,
    formulas=("rhobar.nn.backprop.gradient_cost",),
    findings=("unshuffled-batches",),
)
