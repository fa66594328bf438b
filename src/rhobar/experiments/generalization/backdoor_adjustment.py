"""Back-door adjustment: averaging over a confounder gives what an intervention would do, plain regression does not."""

import torch

from rhobar.experiments.checks import equal, true
from rhobar.experiments.experiment import Experiment, Result, Setting
from rhobar.experiments.pictures import versus
from rhobar.probes.estimate import Estimate, mean_of

__all__ = ["EXPERIMENT", "adjusted"]

_P_Z, _P_X = 0.4, (0.2, 0.8)
"""P(z = 1) and P(x = 1 | z)."""
_EFFECT, _CONFOUNDING = 0.2, 0.4
"""P(y = 1 | x, z) = 0.2 + 0.2 x + 0.4 z."""


def _draw(n: int, setting: Setting, do: int | None = None) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Draw z, x and y of the structural model; with x set from outside if `do` is given.

    In the control a second cause of x and y is not observed.
    """
    generator = setting.generator(0 if do is None else 1 + do)
    u = torch.rand(4, n, generator=generator, dtype=torch.float64)
    z, hidden = (u[0] < _P_Z).double(), (u[3] < 0.5).double()
    chance = _P_X[0] + (_P_X[1] - _P_X[0]) * z
    if setting.broken:
        chance = 0.5 * chance + 0.45 * hidden
    x = (u[1] < chance).double() if do is None else torch.full_like(z, float(do))
    risk = 0.2 + _EFFECT * x + _CONFOUNDING * z
    if setting.broken:
        risk = risk + 0.2 * (hidden - 0.5)
    return z, x, (u[2] < risk).double()


def adjusted(z: torch.Tensor, x: torch.Tensor, y: torch.Tensor, value: int) -> Estimate:
    """Return Σ_z P(y | x, z) P(z), with the error of its means.

    Example:
        >>> z, x, y = (torch.tensor(v) for v in ([0.0, 0, 1, 1], [1.0, 1, 1, 1], [0.0, 0, 1, 1]))
        >>> adjusted(z, x, y, 1).value
        0.5
    """
    total, variance = 0.0, 0.0
    for level in (0, 1):
        cell = mean_of(y[(x == value) & (z == level)])
        share = (z == level).double().mean().item()
        total += share * cell.value
        variance += (share * cell.stderr) ** 2
    return Estimate(total, (variance + _CONFOUNDING**2 * _P_Z * (1 - _P_Z) / len(z)) ** 0.5)


def _run(setting: Setting) -> Result:
    n = setting.size(100_000, 2_000_000)
    z, x, y = _draw(n, setting)
    acted = [mean_of(_draw(n, setting, do=value)[2]) for value in (0, 1)]
    by_cells = [adjusted(z, x, y, value) for value in (0, 1)]
    plain = [mean_of(y[x == value]) for value in (0, 1)]
    truth = [0.2 + _EFFECT * value + _CONFOUNDING * _P_Z for value in (0, 1)]
    biased = []
    for value in (0, 1):
        chances = [p if value else 1 - p for p in _P_X]
        share = _P_Z * chances[1] / (_P_Z * chances[1] + (1 - _P_Z) * chances[0])
        biased.append(0.2 + _EFFECT * value + _CONFOUNDING * share)
    gap = abs(plain[1].value - acted[1].value)
    return Result(
        checks=(
            *(
                equal(f"P(y | do(x = {v})), adjusted for z", t, m)
                for v, t, m in zip((0, 1), truth, by_cells, strict=True)
            ),
            *(
                equal(f"P(y | do(x = {v})), by intervention", t, m)
                for v, t, m in zip((0, 1), truth, acted, strict=True)
            ),
            *(equal(f"P(y | x = {v}), observed: biased", t, m) for v, t, m in zip((0, 1), biased, plain, strict=True)),
            true("observed and intervened differ beyond 4 errors", gap > 4 * (plain[1].stderr + acted[1].stderr)),
        ),
        figures=(versus("Effect of x on y", "x", "P(y = 1 | do(x))", (0, 1), truth, by_cells),),
        notes=("A model that predicts well from observed data is biased the same way: it learns P(y | x).",),
    )


EXPERIMENT = Experiment(
    name="backdoor-adjustment",
    claim="If z blocks every back-door path from x to y, Σ_z P(y | x, z) P(z) is P(y | do(x)), while P(y | x) is "
    "biased by a known amount.",
    source="Pearl (2009), Causality, theorem 3.3.2.",
    textbook=("B79",),
    control="a second common cause that is not observed",
    run=_run,
    formulas=("rhobar.experiments.generalization.backdoor_adjustment.adjusted",),
)
