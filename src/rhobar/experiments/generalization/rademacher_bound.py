"""Rademacher complexity of linear functions: its value, its closed bound, and the gap that it limits."""

import torch

from rhobar.experiments.checks import at_least, at_most
from rhobar.experiments.experiment import Experiment, Result, Setting
from rhobar.experiments.pictures import versus
from rhobar.probes.estimate import mean_of, share_of
from rhobar.theory.learning import linear_rademacher_limit, rademacher_bound

__all__ = ["EXPERIMENT"]

_DIM, _DELTA, _COPIES = 5, 0.05, 16
_SIZES = (32, 128, 512)


def _samples(repetitions: int, n: int, setting: Setting, stream: int) -> torch.Tensor:
    """Draw yx, with x on the unit sphere and labels that are coins; in the control each stands 16 times."""
    drawn = n // _COPIES if setting.broken else n
    x = torch.randn(repetitions, drawn, _DIM, generator=setting.generator(stream), dtype=torch.float64)
    x /= x.norm(dim=-1, keepdim=True)
    return x.repeat(1, _COPIES, 1) if setting.broken else x


def _run(setting: Setting) -> Result:
    repetitions = setting.size(400, 4000)
    checks, bounds, quantiles, tightness = [], [], [], []
    for stream, n in enumerate(_SIZES):
        yx = _samples(repetitions, n, setting, stream)
        signs = torch.randint(2, (repetitions, n), generator=setting.generator(10 + stream)).double() * 2 - 1
        # sup over ‖w‖ ≤ 1 of (1/n) Σ σᵢ w·xᵢ = ‖Σ σᵢ xᵢ‖ / n
        complexity = mean_of((signs[..., None] * yx).sum(1).norm(dim=1) / n)
        closed = linear_rademacher_limit(yx[0])
        # Loss (1 − y w·x)/2 in [0, 1], R = ½ for every w: the worst gap is ‖mean of yx‖ / 2.
        gap = yx.mean(1).norm(dim=1) / 2
        bound = rademacher_bound(0.0, closed / 2, n, _DELTA, given_samples=False).value
        checks += [
            at_most(f"n = {n}: complexity of ‖w‖ ≤ B is at most B√Σ‖x‖²/n", closed, complexity),
            at_least("and at least that over √2 (Khintchine and Kahane)", closed / 2**0.5, complexity),
            at_most("mean worst gap: at most 2R_n of the loss class", closed, mean_of(gap)),
            at_most("share of training sets with a gap above 2R_n + √(ln(1/δ)/2n): at most δ", _DELTA,
                    share_of(gap > bound)),
        ]  # fmt: skip
        bounds.append(bound)
        quantiles.append(gap.quantile(1 - _DELTA).item())
        tightness.append(bound / quantiles[-1])
    return Result(
        checks=tuple(checks),
        figures=(
            versus(
                "Gap that 95 % of the training sets stay below", "samples n", "R − R̂ of the worst w",
                _SIZES, bounds, quantiles, log=True,
            ),
        ),
        notes=(
            f"Tightness, bound over measured quantile: {min(tightness):.2f} to {max(tightness):.2f}.",
            "The loss class (1 − y w·x)/2 has half the complexity of the linear one.",
        ),
    )  # fmt: skip


EXPERIMENT = Experiment(
    name="rademacher-bound",
    claim="For independent samples with ‖x‖ ≤ 1 the functions w·x, ‖w‖ ≤ B, have Rademacher complexity at most B/√n, "
    "and R ≤ R̂ + 2R_n + √(ln(1/δ)/(2n)) holds for a loss in [0, 1] with probability at least 1 − δ.",
    source="Bartlett and Mendelson (2002), Rademacher and Gaussian complexities, theorem 8 and lemma 22.",
    textbook=("B43", "C91"),
    control="samples that are not independent: each stands 16 times",
    run=_run,
    formulas=("rhobar.theory.learning.linear_rademacher_limit", "rhobar.theory.learning.rademacher_bound"),
    findings=("train-validation-overlap",),
)
