"""The condition number κ sets the rate: descent by (κ − 1)/(κ + 1), momentum and Nesterov by about 1 − 1/√κ."""

import math

import torch

from rhobar.experiments.checks import Check, near
from rhobar.experiments.experiment import Experiment, Result, Setting
from rhobar.optim import RULES, descend
from rhobar.probes.survey import Curve, Plot

__all__ = ["EXPERIMENT"]

_CONDITIONS = (10.0, 30.0, 100.0, 300.0)


def _settings(rule: str, kappa: float) -> tuple[dict[str, float], float]:
    """Return the best settings for eigenvalues in [1, κ], and the factor of the error that they give."""
    root = math.sqrt(kappa)
    if rule == "gradient-descent":
        return {"lr": 2 / (1 + kappa)}, (kappa - 1) / (kappa + 1)
    if rule == "momentum":
        return {"lr": 4 / (1 + root) ** 2, "beta": ((root - 1) / (root + 1)) ** 2}, (root - 1) / (root + 1)
    return {"lr": 1 / kappa, "beta": (root - 1) / (root + 1)}, 1 - 1 / root


def _log_factor(rule: str, kappa: float, setting: Setting) -> float:
    """Return ln of the factor a step, between T and 2T; a double root's t ρ^t is freed from its t."""
    settings, factor = _settings(rule, kappa)
    if setting.broken and "beta" in settings:
        settings["beta"] = 0.0
    T = math.ceil(setting.size(20, 60) / -math.log(factor))
    eigenvalues = torch.tensor([1.0, kappa], dtype=torch.float64)
    start = torch.randn(2, generator=setting.generator(), dtype=torch.float64).abs() + 0.5
    path = descend(RULES[rule], lambda x: eigenvalues * x, start, num_steps=2 * T, **settings)
    double = 0.0 if rule == "gradient-descent" else math.log(2)
    return float((path[-1].norm().log() - path[T].norm().log() - double) / T)


def _run(setting: Setting) -> Result:
    rules = ("gradient-descent", "momentum", "nesterov")
    checks: list[Check] = []
    curves: list[Curve] = []
    for rule in rules:
        theory = [-math.log(_settings(rule, kappa)[1]) for kappa in _CONDITIONS]
        found = [-_log_factor(rule, kappa, setting) for kappa in _CONDITIONS]
        checks += [
            # (1 + ct) ρ^t: c T is about 20, so that dropping the 1 costs 1/20 of ln 2 over 20.
            near(f"{rule}, κ = {kappa:g}: decay of ln error a step", t, f, relative=5e-3)
            for kappa, t, f in zip(_CONDITIONS, theory, found, strict=True)
        ]
        curves.append(Curve(f"{rule}, theory", _CONDITIONS, tuple(math.log10(1 / t) for t in theory)))
        curves.append(Curve(rule, _CONDITIONS, tuple(math.log10(1 / max(f, 1e-9)) for f in found)))
    return Result(
        checks=tuple(checks),
        figures=(Plot("Steps that divide the error by e", "condition κ", "log₁₀ steps", tuple(curves), log=True),),
        notes=(
            "On quadratics Nesterov's standard settings give 1 − 1/√κ, a little slower than the heavy ball's best.",
        ),
    )


EXPERIMENT = Experiment(
    name="condition-sets-the-rate",
    claim="At best settings on a quadratic the error falls by (κ−1)/(κ+1) a step, with momentum by (√κ−1)/(√κ+1).",
    source="Polyak (1964); Nesterov (2018), Lectures on convex optimization, theorems 2.1.15 and 2.2.3.",
    textbook=("B19", "B27", "B28", "C-§5.2.1", "C35", "C36", "C37", "C38", "B26"),
    control="the momentum is left out, the rate stays",
    run=_run,
    formulas=("rhobar.optim.descend",),
    findings=("unscaled-inputs", "unstable-optimizer-setting"),
)
