"""RAdam: early on Adam's adaptive rate 1/√v̂ has an infinite variance; r_t makes it what it is in the long run."""

import math

import torch
from torch import Tensor

from rhobar.experiments.checks import Check, equal, near, true
from rhobar.experiments.experiment import Experiment, Result, Setting
from rhobar.optim.rules.radam import rectification, rho
from rhobar.probes.estimate import Estimate, mean_of, share_of
from rhobar.probes.survey import Curve, Plot

__all__ = ["EXPERIMENT"]

_BETA2 = 0.999
_TIMES = (12, 25, 50, 100)


def _rates(setting: Setting) -> dict[int, Tensor]:
    """Return samples of 1/√v̂_t for gradients N(0, 1); in the control each is repeated ten times in a row."""
    generator = setting.generator()
    n = setting.size(20_000, 400_000)
    v, found = torch.zeros(n, dtype=torch.float64), {}
    g = torch.zeros(n, dtype=torch.float64)
    for t in range(1, _TIMES[-1] + 1):
        if not setting.broken or t % 10 == 1:
            g = torch.randn(n, generator=generator, dtype=torch.float64)
        v = _BETA2 * v + (1 - _BETA2) * g**2
        if t == 1 or t in _TIMES:
            found[t] = (v / (1 - _BETA2**t)) ** -0.5
    return found


def _predicted(r: float) -> float:
    """Return Var[1/√(χ²_ρ/ρ)] = ρ/(ρ − 2) − (ρ/2) (Γ((ρ − 1)/2)/Γ(ρ/2))², infinite for ρ ≤ 2."""
    return r / (r - 2) - r / 2 * math.exp(2 * (math.lgamma((r - 1) / 2) - math.lgamma(r / 2)))


def _variance(x: Tensor) -> Estimate:
    return mean_of((x - x.mean()).square())


def _says(t: int) -> str:
    return f"Var[1/√v̂] at t = {t}: that of {rho(t, _BETA2):.1f} samples"


def _run(setting: Setting) -> Result:
    rates = _rates(setting)
    first = share_of(rates.pop(1) > 100)
    variances = {t: _variance(x) for t, x in rates.items()}
    theory = {t: _predicted(rho(t, _BETA2)) for t in _TIMES}
    # ρ_t is an average's length to first order in t (1 − β₂); and t ≥ 12 samples keep the variance's own error finite.
    checks: list[Check] = [equal(_says(t), theory[t], variances[t], bias=theory[t] * t * (1 - _BETA2)) for t in _TIMES]
    factor = {t: rectification(t, _BETA2) or math.nan for t in _TIMES}
    # Both variances are known to first order in 1/ρ: Var ≈ ρ/(2(ρ − 2)(ρ − 4)), which is what r_t divides by.
    final = _predicted(rho(10**6, _BETA2))
    kept = Estimate(factor[100] ** 2 * variances[100].value, factor[100] ** 2 * variances[100].stderr)
    times = tuple(map(float, _TIMES))
    return Result(
        checks=(
            *checks,
            equal("r² Var[1/√v̂] at t = 100: what it is in the long run", final, kept, bias=final * (0.1 + 3 / 100)),
            equal("share of 1/√v̂ above 100 at t = 1: P(|g| < 0.01)", math.erf(0.01 / math.sqrt(2)), first),
            true("no rectified step while ρ_t ≤ 4, where the variance is infinite",
                 all((rectification(t, _BETA2) is None) == (rho(t, _BETA2) <= 4) for t in range(1, 20))),
            near("ρ_1 for β₂ = 0.999", 1.0, rho(1, _BETA2), relative=1e-6),
        ),
        figures=(
            Plot(
                "Variance of Adam's adaptive rate 1/√v̂",
                "step t",
                "log₁₀ variance",
                (
                    Curve("theory", times, tuple(math.log10(theory[t]) for t in _TIMES)),
                    Curve("measured", times, tuple(math.log10(variances[t].value) for t in _TIMES)),
                    Curve("rectified", times, tuple(math.log10(factor[t] ** 2 * variances[t].value) for t in _TIMES)),
                    Curve("in the long run", times, (math.log10(final),) * len(_TIMES)),
                ),
                log=True,
            ),
        ),
        notes=("The text leaves the branch out: while ρ_t ≤ 4 (torch: ≤ 5) the step is momentum's alone.",),
    )  # fmt: skip


EXPERIMENT = Experiment(
    name="rectified-adam",
    claim="For independent normal gradients 1/√v̂_t varies as over ρ_t samples, without bound at first; r_t evens it.",
    source="Liu et al. (2020), On the variance of the adaptive learning rate and beyond, theorem 1 and eq. 2–3.",
    textbook=("C52", "C-§5.5.3"),
    control="every gradient comes ten times in a row: they are not independent",
    run=_run,
    formulas=("rhobar.optim.rules.radam.rho", "rhobar.optim.rules.radam.rectification"),
)
