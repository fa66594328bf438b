"""Initial variances that preserve the signal of any model, from the activations found in it.

A map z = W x + b whose input has the second moment E[x²], and whose output goes into an activation with the critical
point (q, σ_b²), keeps Var(z) = q with

    Var(W) = (q − σ_b²) / (n E[x²]),        E[x²] = E[φ(√q′ u)²]  if φ of a map of variance q′ feeds it.

In a chain of one activation this is σ_w² / n of its critical point, so that gradients are preserved, too: He's 2 / n
for ReLU. Behind a normalisation E[x²] = 1; the first map's is measured.

Textbook: A32, A67, A68, A70, A71

References:
    Schoenholz, Gilmer, Ganguli and Sohl-Dickstein (2017), Deep information propagation.
    Roberts, Yaida and Hanin (2022), The principles of deep learning theory, chapter 5.
"""

import math
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from rhobar.nn.activations.gains import CriticalPoint, critical_point, forward_gain, signal_point
from rhobar.nn.initializers.fans import filled
from rhobar.nn.initializers.flow import LinearMap, Signal, trace_linear_maps
from rhobar.nn.initializers.module_order import order_linear_maps

__all__ = ["CriticalInit", "CriticalWeight", "critical_"]

_IDENTITY = CriticalPoint(weight_variance=1.0, bias_variance=0.0, q=1.0, parallel=1.0, perpendicular=1.0)


@dataclass(frozen=True)
class CriticalWeight:
    """What one weight was given.

    Attributes:
        weight: Name of the parameter.
        bias: Name of its bias, if any.
        fan_in: n.
        fed_by: What its input is: φ of a map, a normalisation ("norm") or the data ("input").
        follows: What is applied to its output.
        weight_variance: Var(W), an entry's.
        bias_variance: Var(b).
        point: The critical point aimed at; its q is the variance that the output will have.
    """

    weight: str
    bias: str | None
    fan_in: int
    fed_by: str
    follows: str
    weight_variance: float
    bias_variance: float
    point: CriticalPoint


@dataclass(frozen=True)
class CriticalInit:
    """What `critical_` did.

    Attributes:
        weights: What was set, in the order of use.
        left: Weights that were not set, each with the reason; `unit_variance_` covers most of them.
        order: "traced" from a forward pass, or "modules" where only the order of the modules was known.
    """

    weights: tuple[CriticalWeight, ...]
    left: tuple[tuple[str, str], ...]
    order: str


def critical_(
    module: nn.Module,
    *inputs: Any,
    q: float = 1.0,
    distribution: str = "normal",
    generator: torch.Generator | None = None,
) -> CriticalInit:
    """Set weights and biases in place so that the pre-activations keep their variance at any depth.

    With a sample of the inputs, one forward pass shows what follows what (see `trace_linear_maps`). Without, the
    modules are taken to act in the order in which they are registered, one after the other, on inputs of E[x²] = 1:
    right for ``nn.Sequential``, a guess for others, and said in the result.

    A map without bias, and one whose activation has no critical point, gets the variance that keeps the signal alone.

    Args:
        module: Any model.
        inputs: One batch, as the forward takes it.
        q: The least variance of pre-activations to aim at; some activations need a larger one (GELU 3.56, SiLU 14.3).
        distribution: "normal" or "uniform", of the same variance.
        generator: Source of the numbers.

    Example:
        >>> net = nn.Sequential(nn.Linear(100, 64), nn.ReLU(), nn.Linear(64, 10))
        >>> done = critical_(net)
        >>> [(w.weight, w.fed_by, round(w.weight_variance * w.fan_in, 3)) for w in done.weights]
        [('0.weight', 'input', 1.0), ('2.weight', 'relu(z)', 2.0)]
    """
    maps = trace_linear_maps(module, *inputs) if inputs else order_linear_maps(module)
    parameters = dict(module.named_parameters())
    points: dict[tuple[str, bool], CriticalPoint] = {}
    aimed = [_point(m, q, points) for m in maps]
    done: dict[str, CriticalWeight] = {}
    left: dict[str, str] = {}
    for linear, point in zip(maps, aimed, strict=True):
        if linear.weight in done:
            continue
        moment = _input_moment(linear, aimed)
        if moment is None:
            left.setdefault(linear.weight, "its input is no activation of one linear map, nor normalised")
            continue
        if not 0 < moment < math.inf:
            left.setdefault(linear.weight, f"its input has the second moment {moment:.4g}; hand in a typical batch")
            continue
        variance = (point.q - point.bias_variance) / (linear.fan_in * moment)
        filled(parameters[linear.weight], variance, distribution, generator)
        if linear.bias is not None:
            filled(parameters[linear.bias], point.bias_variance, distribution, generator)
        left.pop(linear.weight, None)
        fed_by = "input" if linear.moment is not None else _label(linear.fed_by)
        done[linear.weight] = CriticalWeight(
            linear.weight, linear.bias, linear.fan_in, fed_by, linear.follows, variance, point.bias_variance, point
        )
    for name, parameter in parameters.items():
        if parameter.ndim >= 2 and name not in done:
            left.setdefault(name, "it was in no matrix product that could be seen")
    return CriticalInit(tuple(done.values()), tuple(left.items()), "traced" if inputs else "modules")


def _point(linear: LinearMap, q: float, points: dict[tuple[str, bool], CriticalPoint]) -> CriticalPoint:
    """Return the variances to aim at behind a map, by what follows it."""
    signal = linear.activation
    if signal is None or signal.label == "z":
        return _IDENTITY
    key = (signal.label, linear.bias is not None)
    if key not in points:
        point = critical_point(signal.phi, q)
        if point is None or (point.bias_variance > 0 and linear.bias is None):
            point = signal_point(signal.phi, q)
        points[key] = point
    return points[key]


def _input_moment(linear: LinearMap, aimed: list[CriticalPoint]) -> float | None:
    """Return E[x²] of what a map is applied to; None if no formula says."""
    if linear.moment is not None:
        return linear.moment
    if linear.fed_by is None:
        return None
    q = 1.0 if linear.fed_by.source is None else aimed[linear.fed_by.source].q
    return q if linear.fed_by.label == "z" else forward_gain(linear.fed_by.phi, q)


def _label(signal: Signal | None) -> str:
    if signal is None or (signal.source is None and signal.label == "z"):
        return "norm"
    return signal.label
