"""Normalisation before tanh holds the mean slope at E[tanh′(u)], u ~ N(0, 1), whatever the scale of the weights."""

import torch
from torch import Tensor

from rhobar.experiments.checks import Check, equal
from rhobar.experiments.experiment import Experiment, Result, Setting
from rhobar.nn.activations import forward_gain, gaussian_expectation, tanh, tanh_derivative
from rhobar.nn.normalization import batch_norm, layer_norm
from rhobar.probes.estimate import Estimate, mean_of
from rhobar.probes.survey import Curve, Plot

__all__ = ["EXPERIMENT"]

_WIDTH, _BATCH, _DEPTH = 100, 100, 20
_SCALES = (0.3, 1.0, 3.0, 10.0, 30.0)
"""σ_w: the weights have variance σ_w²/n."""


def _slopes(norm: str, scale: float, setting: Setting, stream: int) -> Tensor:
    """Return the mean of tanh′ in every layer of one random net."""
    generator = setting.generator(stream)
    a = torch.randn(_BATCH, _WIDTH, generator=generator, dtype=torch.float64)
    found = []
    for _ in range(_DEPTH):
        W = torch.randn(_WIDTH, _WIDTH, generator=generator, dtype=torch.float64) * scale / _WIDTH**0.5
        z = a @ W.T
        if not setting.broken and norm == "batch":
            z = batch_norm(z, eps=0.0)
        if not setting.broken and norm == "layer":
            z = layer_norm(z, eps=0.0)
        found.append(tanh_derivative(z).mean())
        a = tanh(z)
    return torch.stack(found)


def _measured(norm: str, scale: float, setting: Setting) -> Estimate:
    """Return the mean slope of the last layer over random nets."""
    nets = range(setting.size(6, 50))
    return mean_of(torch.stack([_slopes(norm, scale, setting, 1000 * k + len(norm))[-1] for k in nets]))


def _mean_field(scale: float) -> float:
    """Return the mean slope without normalisation in a wide net: the variance runs q ← σ_w² E[tanh²(√q u)]."""
    q = scale**2
    for _ in range(_DEPTH - 1):
        q = scale**2 * forward_gain(tanh, q)
    return gaussian_expectation(tanh_derivative, q)


def _run(setting: Setting) -> Result:
    held = gaussian_expectation(tanh_derivative, 1.0)
    found = {norm: [_measured(norm, scale, setting) for scale in _SCALES] for norm in ("layer", "batch", "none")}
    bias = {"layer": 2 / _WIDTH, "batch": 2 / _BATCH}
    checks: list[Check] = []
    for norm, slack in bias.items():
        for scale, measured in ((s, m) for s, m in zip(_SCALES, found[norm], strict=True) if s in (0.3, 30.0)):
            says = f"{norm} norm, σ_w = {scale}: mean slope in layer {_DEPTH}: {held:.3f} + O(1/{norm} size)"
            checks.append(equal(says, held, measured, bias=slack))
    free = tuple(_mean_field(scale) for scale in _SCALES)
    checks.append(
        equal("no norm, σ_w = 30: mean slope by the mean-field map", free[-1], found["none"][-1], bias=2 / _WIDTH)
    )
    curves = [Curve("theory, with norm", _SCALES, (held,) * len(_SCALES)), Curve("theory, none", _SCALES, free)]
    for norm, estimates in found.items():
        curves.append(Curve(norm, _SCALES, tuple(e.value for e in estimates), tuple(e.stderr for e in estimates)))
    return Result(
        checks=tuple(checks),
        figures=(Plot(f"Mean slope of tanh in layer {_DEPTH}", "σ_w", "mean of tanh′", tuple(curves), log=True),),
        notes=("It keeps slopes, so Jacobians; that less covariate shift is why, is disputed (Santurkar 2018).",),
    )


EXPERIMENT = Experiment(
    name="normalization-holds-slopes",
    claim="With batch or layer norm before tanh the mean slope in any layer is that of N(0, 1), at any weight scale.",
    source="Ioffe and Szegedy (2015), section 3.3; Ba, Kiros and Hinton (2016), section 5.",
    textbook=("A74", "A75", "A79", "A81", "B34", "C73", "C74", "C78"),
    control="no normalisation",
    run=_run,
    formulas=("rhobar.nn.normalization.batch_norm", "rhobar.nn.normalization.layer_norm",
              "rhobar.nn.activations.gaussian_expectation"),
    findings=("saturated-units", "badly-scaled-initialization"),
)  # fmt: skip
