"""Four activations and the ReLU family on [−4, 4] with their derivatives: slopes, extremes and crossings."""

import math

import torch
from torch import Tensor

from rhobar.experiments.checks import Check, at_most, near
from rhobar.experiments.experiment import Experiment, Result, Setting
from rhobar.nn.activations import ACTIVATIONS, elu, elu_derivative, leaky_relu, leaky_relu_derivative
from rhobar.probes.survey import Curve, Plot

__all__ = ["EXPERIMENT"]

_FOUR = ("sigmoid", "tanh", "relu", "gelu")
_FORMS = {
    **{name: (ACTIVATIONS[name].production, ACTIVATIONS[name].derivative) for name in (*_FOUR, "silu")},
    "leaky ReLU 0.1": (lambda z: leaky_relu(z, 0.1), lambda z: leaky_relu_derivative(z, 0.1)),
    "elu": (elu, elu_derivative),
}
_FAMILY = ("relu", "leaky ReLU 0.1", "elu", "silu")
_STEP = 1e-5


def _difference(name: str, z: Tensor) -> Tensor:
    """Return the slope by central differences, of error O(h²)."""
    f, _ = _FORMS[name]
    slope: Tensor = (f(z + _STEP) - f(z - _STEP)) / (2 * _STEP)
    return slope


def _extremes(z: Tensor) -> tuple[Check, ...]:
    """Hold the numbers that the texts print against curves on a fine grid."""
    slope = {name: df(z) for name, (_, df) in _FORMS.items()}
    gelu, silu = _FORMS["gelu"][0](z), _FORMS["silu"][0](z)
    crossing = float(z[(slope["silu"] < 0).nonzero().max()])
    steepest = 0.5 * (1 + math.erf(1)) + math.exp(-1) / math.sqrt(math.pi)
    return (
        near("largest slope of the sigmoid: ¼", 0.25, float(slope["sigmoid"].max()), relative=1e-6),
        near("largest slope of tanh: 1", 1.0, float(slope["tanh"].max()), relative=1e-6),
        near("GELU is steepest at √2", math.sqrt(2), float(z[slope["gelu"].argmax()]), relative=1e-3),
        near("largest slope of GELU: Φ(√2) + √2 φ(√2)", steepest, float(slope["gelu"].max()), relative=1e-6),
        near("least GELU", ACTIVATIONS["gelu"].range[0], float(gelu.min()), relative=1e-6),
        near("SiLU's slope crosses 0 where it is least", float(z[silu.argmin()]), crossing, relative=1e-3),
        near("SiLU's slope is least at z = −2.40, not at −1.28", -2.3994, float(z[slope["silu"].argmin()]),
             relative=1e-3),
    )  # fmt: skip


def _plot(title: str, names: tuple[str, ...]) -> tuple[Plot, Plot]:
    z = torch.linspace(-4, 4, 160, dtype=torch.float64)
    x = tuple(z.tolist())
    values = tuple(Curve(name, x, tuple(_FORMS[name][0](z).tolist())) for name in names)
    slopes = tuple(Curve(f"{name}′", x, tuple(_FORMS[name][1](z).tolist())) for name in names)
    measured = tuple(Curve(f"{name}, differences", x, tuple(_difference(name, z).tolist())) for name in names[-1:])
    return (
        Plot(title, "z", "φ(z)", values),
        Plot(f"{title}: derivatives", "z", "φ′(z)", (*slopes, *measured)),
    )


def _run(setting: Setting) -> Result:
    z = torch.linspace(-4, 4, setting.size(80_002, 800_002), dtype=torch.float64)  # an even number: 0 is left out
    places = torch.cat([z[::8], torch.zeros(1, dtype=torch.float64)]) if setting.broken else z[::8]
    away = places if setting.broken else places[places.abs() > 2 * _STEP]
    errors = {name: float((_FORMS[name][1](away) - _difference(name, away)).abs().max()) for name in _FORMS}
    return Result(
        checks=(
            at_most("largest |φ′ − difference quotient|: O(h²) and rounding", 1e-9, max(errors.values())),
            *_extremes(z),
        ),
        figures=(*_plot("Four activations", _FOUR), *_plot("The ReLU family", _FAMILY)),
        notes=("At a kink the quotient is the mean of both slopes; torch takes ReLU′(0) = 0.",),
    )


EXPERIMENT = Experiment(
    name="activations-and-slopes",
    claim="Away from kinks, each closed-form derivative is the slope of its curve, with the printed extremes.",
    source="Hendrycks and Gimpel (2016) for GELU; Elfwing et al. (2018) for SiLU; Clevert et al. (2016) for ELU.",
    textbook=("A21", "A22", "A23", "A24", "A25", "A27", "A28", "A29", "A30"),
    control="the kink of ReLU at 0 is among the places, where no derivative exists",
    run=_run,
    formulas=("rhobar.nn.activations.elu_derivative", "rhobar.nn.activations.leaky_relu_derivative"),
    findings=("unfit-activation", "dead-units"),
)
