"""Adam without bias correction starts with 3.16 η and soon takes 6.6 η: v is more biased towards zero than m."""

import math

import torch

from rhobar.experiments.checks import at_most, near
from rhobar.experiments.experiment import Experiment, Result, Setting
from rhobar.optim import RULES, descend
from rhobar.probes.survey import Curve, Plot

__all__ = ["EXPERIMENT"]

_BETA1, _BETA2, _RATE = 0.9, 0.999, 1e-3


def _steps(rule: str, g: torch.Tensor, num_steps: int, beta2: float) -> torch.Tensor:
    """Return |Δ|/η under a constant gradient, one row a step."""
    path = descend(
        RULES[rule],
        lambda _: g,
        torch.zeros_like(g),
        num_steps=num_steps,
        lr=_RATE,
        beta1=_BETA1,
        beta2=beta2,
        eps=1e-30,
    )
    return path.diff(dim=0).abs() / _RATE


def _run(setting: Setting) -> Result:
    T = setting.size(200, 5000)
    # (1 − β₁)/√(1 − β₂) = 1 for β₂ = 0.99: there the first step is right by chance.
    beta2 = 0.99 if setting.broken else _BETA2
    g = torch.randn(50, generator=setting.generator(), dtype=torch.float64) * torch.logspace(-6, 6, 50).double()
    plain, adam = _steps("uncorrected-adam", g, T, beta2), _steps("adam", g, T, beta2)
    theory = [(1 - _BETA1**t) / math.sqrt(1 - _BETA2**t) for t in range(1, T + 1)]
    off = float((plain.mean(1) / torch.tensor(theory, dtype=torch.float64) - 1).abs().max())
    places = tuple(map(float, range(1, T + 1)))
    return Result(
        checks=(
            near("first uncorrected step, in η: (1 − β₁)/√(1 − β₂)", 0.1 / math.sqrt(0.001), float(plain[0].mean()),
                 relative=1e-9),
            at_most("largest relative distance from (1 − β₁ᵗ)/√(1 − β₂ᵗ) over all steps", 1e-9, off),
            near("longest step without correction, in η", max(theory), float(plain.max()), relative=1e-9),
            near("first step of Adam, in η", 1.0, float(adam[0].mean()), relative=1e-9),
            at_most("Adam's steps over gradients from 10⁻⁶ to 10⁶: spread", 1e-9, float(adam.std(1).max())),
        ),
        figures=(
            Plot(
                "Step under a constant gradient",
                "step t",
                "|Δ| / η",
                (
                    Curve("(1 − β₁ᵗ)/√(1 − β₂ᵗ)", places, tuple(theory)),
                    Curve("without correction", places, tuple(plain.mean(1).tolist())),
                    Curve("Adam", places, tuple(adam.mean(1).tolist())),
                ),
                log=True,
            ),
        ),
    )  # fmt: skip


EXPERIMENT = Experiment(
    name="adam-without-correction",
    claim="Without bias correction, β = 0.9 and 0.999, Adam's first step is 3.16 η for any gradient; with it, η.",
    source="Kingma and Ba (2015), Adam, section 3.",
    textbook=("B20", "C-§5.4"),
    control="β₂ = 0.99, for which both biases cancel in the first step",
    run=_run,
    formulas=("rhobar.optim.descend",),
    findings=("unstable-optimizer-setting",),
)
