"""In high dimension nearly every critical point is a saddle: P(all eigenvalues of a random Hessian > 0) falls fast."""

import math

import torch

from rhobar.experiments.checks import at_most, equal
from rhobar.experiments.experiment import Experiment, Result, Setting
from rhobar.experiments.pictures import versus
from rhobar.probes.estimate import Estimate, share_of

__all__ = ["EXPERIMENT", "share_of_minima"]

_EXACT = {1: 0.5, 2: (2 - math.sqrt(2)) / 4, 3: (math.pi - 2 * math.sqrt(2)) / (4 * math.pi)}
"""d ↦ P(all λ > 0) of the Gaussian orthogonal ensemble."""
_DIMS = (1, 2, 3, 4, 5)


def _positive(dim: int, setting: Setting) -> Estimate:
    """Return the share of random symmetric matrices without a negative eigenvalue."""
    draws = setting.size(20_000, 1_000_000)
    A = torch.randn(draws, dim, dim, generator=setting.generator(dim), dtype=torch.float64)
    H = A @ A.mT if setting.broken else A + A.mT
    return share_of(torch.linalg.eigvalsh(H)[:, 0] > 0)


def share_of_minima(dim: int) -> float:
    """Return P(all λ > 0), exact up to three dimensions; beyond, what a geometric fall would leave at the most.

    Example:
        >>> round(share_of_minima(2), 4), share_of_minima(1)
        (0.1464, 0.5)
    """
    return _EXACT.get(dim, math.pow(_EXACT[3], dim / 3))


def _run(setting: Setting) -> Result:
    measured = [_positive(dim, setting) for dim in _DIMS]
    bound = [share_of_minima(dim) for dim in _DIMS]
    return Result(
        checks=(
            *(
                equal(f"P(all λ > 0), d = {d}", _EXACT[d], m)
                for d, m in zip(_DIMS, measured, strict=True)
                if d in _EXACT
            ),
            at_most("P(all λ > 0), d = 5: falls faster than geometrically", bound[-1], measured[-1]),
        ),
        figures=(
            versus("Random Hessians without a negative eigenvalue", "dimension d", "share", _DIMS, bound, measured),
        ),
        notes=(
            "Exact for d ≤ 3, drawn on as if geometric; the law is e^(−(ln 3/4) d²) for large d.",
            "Hessians of networks are no such random matrices: the claim is that few directions need point down.",
        ),
    )


EXPERIMENT = Experiment(
    name="saddles-in-high-dimension",
    claim="For Hessians from the Gaussian orthogonal ensemble, the probability of a minimum is ½, (2 − √2)/4 and "
    "(π − 2√2)/(4π) in 1, 2 and 3 dimensions, and falls faster than geometrically.",
    source="Dean and Majumdar (2006), Large deviations of extreme eigenvalues, section II; Dauphin et al. (2014).",
    textbook=("B61", "B63", "C-§9.2.1b"),
    control="matrices of the form AAᵀ, as at a minimum of a squared error",
    run=_run,
    formulas=("rhobar.experiments.landscape.saddles_in_high_dimension.share_of_minima",),
)
