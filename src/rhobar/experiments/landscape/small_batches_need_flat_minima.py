"""Where full-batch descent is at rest in a sharp minimum, small batches are thrown out."""

import math

import torch

from rhobar.experiments.checks import equal
from rhobar.experiments.experiment import Experiment, Result, Setting
from rhobar.experiments.pictures import versus
from rhobar.probes.estimate import Estimate, mean_of, share_of

__all__ = ["EXPERIMENT", "growth"]

_RATE, _N, _STEPS = 0.1, 16, 6
_SHARP, _SPREAD = 15.0, 12.0
"""Mean curvature of the minimum, below 2/η = 20, and its standard deviation over the samples."""
_START = 1e-3
_BATCHES = (1, 2, 4, 8, 16)


def _curvatures() -> torch.Tensor:
    """Return aᵢ of mean a and standard deviation s: half of the samples at a − s, half at a + s."""
    return _SHARP + _SPREAD * torch.tensor([-1.0, 1.0], dtype=torch.float64).repeat(_N // 2)


def _batch(batch: int, runs: int, generator: torch.Generator) -> torch.Tensor:
    """Draw B different samples for each run; return their mean curvature."""
    chosen = torch.rand(runs, _N, generator=generator).argsort(1)[:, :batch]
    return _curvatures()[chosen].mean(1)


def growth(batch: int) -> float:
    """Return E(1 − ηa_B)² = (1 − ηa)² + η²s²(N − B)/(B(N − 1)).

    Example:
        >>> round(growth(16), 2), round(growth(1), 2)  # the whole data, and one sample
        (0.25, 1.69)
    """
    return (1 - _RATE * _SHARP) ** 2 + (_RATE * _SPREAD) ** 2 * (_N - batch) / (batch * (_N - 1))


def _grown(batch: int, setting: Setting) -> Estimate:
    """Measure E θ² after some steps over that at the start, near the minimum."""
    generator, runs = setting.generator(batch), setting.size(20_000, 200_000)
    theta = torch.ones(runs, dtype=torch.float64)
    for _ in range(_STEPS):
        theta = theta * (1 - _RATE * _batch(_N if setting.broken else batch, runs, generator))
    return mean_of(theta.square())


def _left(batch: int, setting: Setting) -> Estimate:
    """Return the share of runs that leave |θ| < 1 about the minimum."""
    generator, runs = setting.generator(100 + batch), setting.size(400, 4000)
    theta, inside = torch.full((runs,), _START, dtype=torch.float64), torch.ones(runs, dtype=torch.bool)
    for _ in range(setting.size(600, 3000)):
        moved = theta * (1 - _RATE * _batch(_N if setting.broken else batch, runs, generator))
        theta = torch.where(inside, moved, theta)
        inside &= theta.abs() < 1
    return share_of(~inside)


def _lyapunov(batch: int) -> float:
    """Return E ln|1 − ηa_B| over all batches: above 0 almost every run leaves."""
    half = _N // 2
    total, weight = 0.0, math.comb(_N, batch)
    for high in range(max(0, batch - half), min(half, batch) + 1):
        a = _SHARP + _SPREAD * (2 * high - batch) / batch
        total += math.comb(half, high) * math.comb(half, batch - high) / weight * math.log(abs(1 - _RATE * a))
    return total


def _run(setting: Setting) -> Result:
    law = [growth(b) for b in _BATCHES]
    grown = [_grown(b, setting) for b in _BATCHES]
    rates = [_lyapunov(b) for b in _BATCHES]
    left = [_left(b, setting) for b in _BATCHES]
    return Result(
        checks=(
            *(
                equal(f"E θ² after {_STEPS} steps, batches of {b}: E(1 − ηa_B)² to the power of them", g**_STEPS, m,
                      bias=1e-9)
                for b, g, m in zip(_BATCHES, law, grown, strict=True)
            ),
            *(
                equal(f"share of runs that leave, batches of {b}: all if E ln|1 − ηa_B| > 0, ≤ θ₀² if θ² shrinks",
                      float(r > 0), s, bias=_START**2 if g < 1 else 0.01)
                for b, g, r, s in zip(_BATCHES, law, rates, left, strict=True)
            ),
        ),
        figures=(
            versus("Growth in a sharp minimum", "batch size B", f"E θ² after {_STEPS} steps", _BATCHES,
                   [g**_STEPS for g in law], grown, log=True),
            versus("Runs that leave it", "batch size B", "share", _BATCHES, [float(r > 0) for r in rates], left,
                   log=True),
        ),
        notes=(f"Largest curvature at which batches of one sample stay in mean square, with the same relative spread: "
               f"{2 / _RATE / (1 + (_SPREAD / _SHARP) ** 2):.3g}; full batches: {2 / _RATE:g}.",
               "This says where SGD can end, not that flat minima generalise: sharpness is no invariant.",
               "θ² is a supermartingale where its mean shrinks: it exceeds 1 with probability at most θ₀² (Ville)."),
    )  # fmt: skip


EXPERIMENT = Experiment(
    name="small-batches-need-flat-minima",
    claim="At a minimum that fits all N samples, with curvatures of mean a and variance s², SGD with batches of B "
    "grows by (1 − ηa)² + η²s²(N − B)/(B(N − 1)) in mean square: small batches leave minima where large ones stay.",
    source="Wu, Ma and E (2018), How SGD selects the global minima, theorem 1; Keskar et al. (2017).",
    textbook=("B65", "B30"),
    control="all batches are the whole set",
    run=_run,
    formulas=("rhobar.experiments.landscape.small_batches_need_flat_minima.growth",),
    findings=("batch-size-misfit",),
)
