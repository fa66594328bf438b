"""ρ̄^L: a layer that passes a share ρ̄ of the gradient passes ρ̄^L through L of them."""

import math
from collections.abc import Callable

import torch
from torch import Tensor

from rhobar.experiments.checks import at_most, near
from rhobar.experiments.experiment import Experiment, Result, Setting
from rhobar.nn.activations import relu, sigmoid, sigmoid_derivative, tanh, tanh_derivative
from rhobar.nn.initializers import orthogonal_
from rhobar.probes.survey import Curve, Plot

__all__ = ["EXPERIMENT"]

_DEPTH, _WIDTH = 15, 16
_TANH_AT = math.atanh(math.sqrt(0.1))
"""tanh′ = 0.9 there: at z = 0.33, near the straight part."""

_CASES: dict[str, tuple[float, float, float, Callable[[Tensor], Tensor]]] = {
    "sigmoid at 0": (0.25, 1.0, 0.0, sigmoid),
    "tanh at 0.33": (0.9, 1.0, _TANH_AT, tanh),
    "ReLU at 1": (1.0, 1.0, 1.0, relu),
    "ReLU, weights × 1.2": (1.2, 1.2, 1.0, relu),
}
"""Name ↦ ρ̄, gain of the orthogonal weights, the preactivation at which the units are held, φ."""


def _kept(phi: Callable[[Tensor], Tensor], gain: float, at: float | None, setting: Setting) -> list[float]:
    """Return ‖∂L/∂a_0‖ / ‖∂L/∂a_L‖ for L = 1 … 15, with biases that put every preactivation at `at`, if given."""
    generator = setting.generator()
    x = torch.randn(_WIDTH, generator=generator, dtype=torch.float64, requires_grad=True)
    delta = torch.randn(_WIDTH, generator=generator, dtype=torch.float64)
    a, found = x, []
    for _ in range(_DEPTH):
        W = orthogonal_(torch.empty(_WIDTH, _WIDTH, dtype=torch.float64), gain=gain, generator=generator)
        z = W @ a
        a = phi(z if at is None else z + (at - z).detach())
        (g,) = torch.autograd.grad(a, x, delta, retain_graph=True)
        found.append(float(g.norm() / delta.norm()))
    return found


def _run(setting: Setting) -> Result:
    gain = 5.0 if setting.broken else 1.0
    measured = {name: _kept(phi, gain * weight, at, setting) for name, (_, weight, at, phi) in _CASES.items()}
    off = max(abs(math.log(measured[n][-1] / rho**_DEPTH)) for n, (rho, *_) in _CASES.items())
    anywhere = _kept(sigmoid, gain, None, setting)
    tight = max(found / 0.25**depth for depth, found in enumerate(anywhere, 1))
    first = next((depth for depth, g in enumerate(measured["ReLU, weights × 1.2"], 1) if g > 5), 0)
    depths = tuple(map(float, range(1, _DEPTH + 1)))
    curves = []
    for name, (rho, *_) in _CASES.items():
        curves.append(Curve(f"{rho:g}^L", depths, tuple(d * math.log10(rho) for d in depths)))
        curves.append(Curve(name, depths, tuple(map(math.log10, measured[name]))))
    return Result(
        checks=(
            at_most("largest |ln(measured / ρ̄^15)| of the four: rounding", 1e-9, off),
            at_most("sigmoid layers wherever their units are, over 0.25^L: at most 1", 1.0 + 1e-12, tight),
            at_most("kept by 10 sigmoid layers: at most 10⁻⁶", 1e-6, anywhere[9]),
            near("first depth at which 1.2^L passes 5: 9", 9.0, float(first), relative=1e-12),
            at_most("slope of tanh near saturation (z = 2): below 0.1, not 0.9", 0.1,
                    float(tanh_derivative(torch.tensor(2.0, dtype=torch.float64)))),
            near("largest slope of the sigmoid", 0.25, float(sigmoid_derivative(torch.zeros(1)).max()), relative=1e-6),
        ),
        figures=(Plot("Share of the gradient that L layers keep", "depth L", "log₁₀ share", tuple(curves)),),
        notes=("0.25 bounds the slopes only: the layer's factor is at most 0.25 ‖W‖. A ρ̄ over unlike layers is their "
               "geometric mean.",),
    )  # fmt: skip


EXPERIMENT = Experiment(
    name="gain-to-the-depth",
    claim="With orthogonal weights and slopes s, L layers keep s^L of the gradient; sigmoid ones at most 0.25^L.",
    source="Bengio, Simard and Frasconi (1994); Glorot and Bengio (2010), section 4.2.",
    textbook=("A30", "A61", "A62", "A63", "A67", "C-§7.1.1"),
    control="weights of norm 5, where the slope alone no longer bounds the layer",
    run=_run,
    formulas=("rhobar.nn.activations.sigmoid_derivative", "rhobar.nn.initializers.orthogonal_"),
    findings=("vanishing-gradient", "exploding-gradient", "unfit-activation", "saturated-units"),
    exact="the share is s^L to rounding, whatever the width; 15 layers are those of the figure.",
)
