"""The cheap gradient: backpropagation costs less than two forward passes more, differences 2W of them."""

import math

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from rhobar.experiments.checks import at_most, near
from rhobar.experiments.experiment import Experiment, Result, Setting
from rhobar.nn.backprop import finite_differences, gradient_cost
from rhobar.probes.survey import Curve, Plot

__all__ = ["EXPERIMENT"]

_INPUTS, _OUTPUTS, _ROWS = 10, 10, 32


def _model(width: int, setting: Setting) -> tuple[nn.Sequential, Tensor]:
    layers = [nn.Linear(_INPUTS, width), nn.Tanh(), nn.Linear(width, width), nn.Tanh(), nn.Linear(width, _OUTPUTS)]
    model = nn.Sequential(*layers).double()
    generator = setting.generator(width)
    with torch.no_grad():
        for p in model.parameters():
            p.copy_(torch.randn(p.shape, generator=generator, dtype=p.dtype) / p.shape[-1] ** 0.5)
    return model, torch.randn(_ROWS, _INPUTS, generator=generator, dtype=torch.float64)


def _jacobian_cost(model: nn.Sequential, x: Tensor) -> int:
    """Return the operations of the gradients of every output: one backward pass each."""
    outputs = model(x).sum(0)
    with FlopCounterMode(display=False) as counter:
        for y in outputs:
            torch.autograd.grad(y, list(model.parameters()), retain_graph=True)
    return int(counter.get_total_flops())


def _both_ways(model: nn.Sequential, x: Tensor) -> tuple[int, float]:
    """Return the forward passes that differences took, and how far their gradient is from backpropagation's."""
    params = list(model.parameters())
    slow = finite_differences(lambda: model(x).square().mean(), params)
    fast = torch.autograd.grad(model(x).square().mean(), params)
    return slow.num_forwards, max(float((a - b).abs().max()) for a, b in zip(slow.gradients, fast, strict=True))


def _run(setting: Setting) -> Result:
    widths = setting.size((8, 16, 32, 64, 128), (8, 32, 128, 512, 2048))
    weights, ratios, theory, differences = [], [], [], []
    for width in widths:
        model, x = _model(width, setting)
        cost = gradient_cost(lambda m=model, x=x: m(x).square().mean(), list(model.parameters()))  # type: ignore[misc]
        backward = _jacobian_cost(model, x) if setting.broken else cost.backward
        products = sum(2 * _ROWS * p.numel() for p in model.parameters() if p.ndim == 2)
        theory.append(2 - 2 * _ROWS * _INPUTS * width / products)
        weights.append(float(cost.num_parameters))
        ratios.append(backward / cost.forward)
        differences.append(cost.finite_differences / cost.forward)
    forwards, error = _both_ways(*_model(widths[0], setting))
    off = max(abs(r - t) for r, t in zip(ratios, theory, strict=True))
    growth = math.log(differences[-1] / differences[0]) / math.log(weights[-1] / weights[0])
    return Result(
        checks=(
            at_most("operations of backward over forward: at most 2", 2.0, max(ratios)),
            at_most("distance from 2 − (share of the first layer), which hands on no gradient: none", 1e-9, off),
            near("forward passes of differences: 2W", 2 * weights[0], float(forwards), relative=1e-12),
            near("their number grows as W^1, so their cost as W²", 1.0, growth, relative=1e-9),
            at_most("largest difference of the two gradients: O(h²) and rounding", 1e-8, error),
        ),
        figures=(
            Plot(
                "Operations of a gradient, in forward passes",
                "number of weights W",
                "log₁₀ forward passes",
                (
                    Curve("2 − first layer's share", tuple(weights), tuple(map(math.log10, theory))),
                    Curve("backward", tuple(weights), tuple(map(math.log10, ratios))),
                    Curve("2W", tuple(weights), tuple(math.log10(2 * w) for w in weights)),
                    Curve("differences", tuple(weights), tuple(map(math.log10, differences))),
                ),
                log=True,
            ),
        ),
        notes=("Counted are products of matrices. 'As much as a forward pass' is loose: it is nearly two.",),
    )


EXPERIMENT = Experiment(
    name="gradient-is-cheap",
    claim="The gradient of one number adds at most two evaluations' cost; by differences it takes 2W of them.",
    source="Baur and Strassen (1983); Griewank and Walther (2008), Evaluating derivatives, eq. 4.21.",
    textbook=("A53", "C-§4.3.4", "C-§4.3.5"),
    control="ten outputs are differentiated instead of one loss: reverse mode then takes a pass for each",
    run=_run,
    formulas=("rhobar.nn.backprop.gradient_cost", "rhobar.nn.backprop.finite_differences"),
)
