"""AdamW decays all weights alike; an L2 penalty under Adam hardly decays those with large gradients."""

import math

import torch

from rhobar.experiments.checks import Check, equal
from rhobar.experiments.experiment import Experiment, Result, Setting
from rhobar.optim import RULES
from rhobar.probes.estimate import Estimate, mean_of
from rhobar.probes.survey import Curve, Plot

__all__ = ["EXPERIMENT"]

_RATE, _DECAY, _STEPS = 0.01, 0.1, 500
_NOISE = (1.0, 3.0, 10.0)
"""Standard deviations of gradients of mean zero."""


def _left(rule: str, s: float, setting: Setting) -> Estimate:
    """Return the mean of weights that started at 1; rules but AdamW get the penalty's gradient λθ added."""
    generator = setting.generator(int(10 * s))
    theta = torch.ones(setting.size(1000, 50_000), dtype=torch.float64)
    state = RULES[rule].start(theta)
    for _ in range(_STEPS):
        g = s * torch.randn(theta.shape, generator=generator, dtype=torch.float64)
        if rule == "adamw":
            state, update = RULES[rule].step(state, g, lr=_RATE, weight_decay=_DECAY)
        else:
            state, update = RULES[rule].step(state, g + _DECAY * theta, lr=_RATE)
        theta = theta + update
    return mean_of(theta)


def _run(setting: Setting) -> Result:
    coupled = "gradient-descent" if setting.broken else "adam"
    beside = [_left("adamw", s, setting) for s in _NOISE]
    inside = [_left(coupled, s, setting) for s in _NOISE]
    same = (1 - _RATE * _DECAY) ** _STEPS
    # √v̂ ≈ √(s² + λ²θ²); while v̂ averages few gradients 1/√v̂ is larger, by 0.75/t: less than ten steps in all.
    divided = [math.exp(-_RATE * _DECAY * _STEPS / s) for s in _NOISE]
    checks: list[Check] = []
    for i, s in enumerate(_NOISE):
        checks.append(
            equal(
                f"L2 under Adam, gradients of size {s:g}: e^(−ηλT/s)",
                divided[i],
                inside[i],
                bias=10 * _RATE * _DECAY / s + 0.5 * _RATE * _STEPS * _DECAY**3,
            )
        )
        checks.append(equal(f"AdamW, gradients of size {s:g}: (1 − ηλ)^T", same, beside[i]))
    return Result(
        checks=tuple(checks),
        figures=(
            Plot(
                f"What is left of a weight after {_STEPS} steps",
                "size s of the gradients",
                "mean of θ",
                (
                    Curve("(1 − ηλ)^T", _NOISE, (same,) * len(_NOISE)),
                    Curve("AdamW", _NOISE, tuple(e.value for e in beside), tuple(e.stderr for e in beside)),
                    Curve("e^(−ηλT/s)", _NOISE, tuple(divided)),
                    Curve("L2 under Adam", _NOISE, tuple(e.value for e in inside), tuple(e.stderr for e in inside)),
                ),
                log=True,
            ),
        ),
        notes=("Under plain gradient descent the two are the same, as in the control.",),
    )  # fmt: skip


EXPERIMENT = Experiment(
    name="adamw-is-not-l2",
    claim="Under noise of size s an L2 penalty in Adam shrinks a weight by e^(−ηλT/s), AdamW by (1 − ηλ)^T.",
    source="Loshchilov and Hutter (2019), Decoupled weight decay regularization, proposition 2.",
    textbook=("C51", "A84"),
    control="plain gradient descent, under which both are the same",
    run=_run,
    formulas=("rhobar.optim.rules.adamw.adamw", "rhobar.optim.rules.adam.adam"),
    findings=("excessive-regularization",),
)
