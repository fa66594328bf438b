"""Initial variance: He keeps ReLU layers' signal, Xavier linear ones', over 100 layers; others lose or multiply it."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from rhobar.experiments.checks import Check, equal
from rhobar.experiments.experiment import Experiment, Result, Setting
from rhobar.nn.activations import forward_gain, identity, relu
from rhobar.nn.initializers import he_variance, lecun_variance, xavier_variance
from rhobar.probes.estimate import Estimate, mean_of
from rhobar.probes.survey import Curve, Plot

__all__ = ["EXPERIMENT"]

_DEPTH, _WIDTH = 100, 128


@dataclass(frozen=True)
class _Case:
    """An activation with the variance of a weight, and the mean and variance of φ(u)² n Var(W) for u ~ N(0, 1)."""

    phi: Callable[[Tensor], Tensor]
    variance: float

    @property
    def factor(self) -> float:
        return _WIDTH * self.variance * forward_gain(self.phi)

    @property
    def drift(self) -> float:
        """E ln of a layer's factor, a mean of n terms f: ln E f − Var f / (2n E[f]²) + O(1/n²)."""
        return math.log(self.factor) - self.spread**2 / 2

    @property
    def spread(self) -> float:
        """The standard deviation of ln of a layer's factor, √(Var φ² / n) / E φ²; E u⁴ = 3, half of it by ReLU."""
        fourth = 1.5 if self.phi is relu else 3.0
        return math.sqrt((fourth / forward_gain(self.phi) ** 2 - 1) / _WIDTH)


_KEEP = {
    "ReLU, He": _Case(relu, he_variance(_WIDTH)),
    "linear, Xavier": _Case(identity, xavier_variance(_WIDTH, _WIDTH)),
}
_OTHERS = {
    "ReLU, Xavier": _Case(relu, xavier_variance(_WIDTH, _WIDTH)),
    "linear, He": _Case(identity, he_variance(_WIDTH)),
    "ReLU, torch's default": _Case(relu, lecun_variance(_WIDTH) / 3),
}


def _log_moments(case: _Case, num_nets: int, generator: torch.Generator) -> Tensor:
    """Return ln(‖a_l‖² / ‖a_0‖²) of nets with fresh weights, (nets, depth), for homogeneous φ.

    Given a, z = W a has independent entries N(0, Var(W) ‖a‖²): drawing them is drawing W.
    """
    u = torch.randn(num_nets, _DEPTH, _WIDTH, generator=generator, dtype=torch.float64) * case.variance**0.5
    return case.phi(u).square().sum(-1).log().cumsum(1)


def _network(case: _Case, generator: torch.Generator) -> float:
    """Return ln(‖a_L‖² / ‖a_0‖²) of one net whose matrices are multiplied out."""
    a = torch.ones(_WIDTH, dtype=torch.float64)
    for _ in range(_DEPTH):
        W = torch.randn(_WIDTH, _WIDTH, generator=generator, dtype=torch.float64) * case.variance**0.5
        a = case.phi(W @ a)
    return float((a @ a / _WIDTH).log())


def _run(setting: Setting) -> Result:
    num_nets = setting.size(60, 2000)
    cases = {**_KEEP, **_OTHERS}
    if setting.broken:  # weights for the wrong activation, held to what is right for the other
        cases["ReLU, He"] = _Case(relu, xavier_variance(_WIDTH, _WIDTH))
        cases["linear, Xavier"] = _Case(identity, he_variance(_WIDTH))
    checks: list[Check] = []
    curves: list[Curve] = []
    depths = tuple(map(float, range(1, _DEPTH + 1)))
    for stream, (name, case) in enumerate(cases.items()):
        logs = _log_moments(case, num_nets, setting.generator(stream))
        theory = {**_KEEP, **_OTHERS}[name]
        says = f"ln of the signal's growth over {_DEPTH} layers, {name}: {_DEPTH} (ln {theory.factor:.3g} − O(1/n))"
        checks.append(equal(says, _DEPTH * theory.drift, mean_of(logs[:, -1]), bias=10 * _DEPTH / _WIDTH**2))
        curves.append(Curve(f"theory, {name}", depths, tuple(d * theory.drift for d in depths)))
        curves.append(Curve(name, depths, tuple(logs.mean(0).tolist())))
        if name in _KEEP:
            nets = [_network(case, setting.generator(100 + k)) for k in range(setting.size(4, 100))]
            says = f"the same of nets with all matrices, {name}"
            mean = Estimate(sum(nets) / len(nets), theory.spread * (_DEPTH / len(nets)) ** 0.5)
            checks.append(equal(says, _DEPTH * theory.drift, mean, bias=10 * _DEPTH / _WIDTH**2))
    return Result(
        checks=tuple(checks),
        figures=(Plot("Second moment of the signal over depth", "layer", "ln ‖a_l‖²/‖a_0‖²", tuple(curves)),),
        notes=("On average over weights it is kept exactly; a typical net drifts down by Var[φ²]/(2n) a layer, so that "
               "depth over width, not depth, must be small.", "torch's default, Var = 1/(3n), keeps neither."),
    )  # fmt: skip


EXPERIMENT = Experiment(
    name="variance-over-depth",
    claim="Var(W) = 2/n keeps the second moment over 100 layers of ReLU, 1/n (Xavier) of linear ones; others do not.",
    source="He et al. (2015), Delving deep into rectifiers, section 2.2; Hanin and Rolnick (2018) for the drift 1/n.",
    textbook=("A32", "A68", "A70", "A71", "C71", "C72"),
    control="each activation gets the other one's variance",
    run=_run,
    formulas=("rhobar.nn.initializers.he_variance", "rhobar.nn.initializers.xavier_variance",
              "rhobar.nn.activations.forward_gain"),
    findings=("badly-scaled-initialization",),
)  # fmt: skip
