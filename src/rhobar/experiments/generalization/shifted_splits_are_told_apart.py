"""Two splits of different kinds: a classifier tells them apart by ½(1 + TV), and the error rises by a known amount."""

import math
from functools import partial

import torch

from rhobar.experiments.checks import equal
from rhobar.experiments.experiment import Experiment, Result, Setting
from rhobar.experiments.pictures import versus
from rhobar.linalg import gaussian_expectation
from rhobar.probes.estimate import Estimate, mean_of

__all__ = ["EXPERIMENT"]

_SHIFTS = (0.25, 0.5, 1.0, 1.5)
"""m: training inputs are N(0, 1), validation ones N(m, 1)."""


def _told_apart(a: torch.Tensor, b: torch.Tensor) -> float:
    """Learn a threshold between the means of one half of two samples; return its accuracy on the other."""
    half = len(a) // 2
    threshold, sign = (a[:half].mean() + b[:half].mean()) / 2, (b[:half].mean() - a[:half].mean()).sign()
    right = torch.cat([(a[half:] - threshold) * sign < 0, (b[half:] - threshold) * sign > 0])
    return right.double().mean().item()


def _measure(shift: float, setting: Setting, stream: int) -> tuple[Estimate, Estimate, Estimate]:
    """Return accuracy of telling apart, validation error, and that estimated by importance weights."""
    generator, n = setting.generator(stream), setting.size(4000, 20_000)
    told, error, weighted = [], [], []
    for _ in range(setting.size(100, 400)):
        train = torch.randn(n, generator=generator, dtype=torch.float64)
        valid = torch.randn(n, generator=generator, dtype=torch.float64) + shift
        if setting.broken:
            rows = torch.cat([train, valid])[torch.randperm(2 * n, generator=generator)]
            train, valid = rows[:n], rows[n:]
        told.append(_told_apart(train, valid))
        X = torch.stack([train, torch.ones_like(train)], 1)
        w = torch.linalg.solve(X.mT @ X, X.mT @ train.square())  # the best line through y = x²
        error.append((valid.square() - w[0] * valid - w[1]).square().mean().item())
        fresh = torch.randn(n, generator=generator, dtype=torch.float64)
        ratio = (shift * fresh - shift**2 / 2).exp()  # p(x | validation)/p(x | training)
        weighted.append((ratio * (fresh.square() - w[0] * fresh - w[1]).square()).mean().item())
    one, two, three = (mean_of(torch.tensor(v, dtype=torch.float64)) for v in (told, error, weighted))
    return one, two, three


def _square_miss(z: torch.Tensor, *, shift: float) -> torch.Tensor:
    """Return (x² − 1)² at x = z + m."""
    return ((z + shift).square() - 1).square()


def _run(setting: Setting) -> Result:
    seen = [_measure(shift, setting, stream) for stream, shift in enumerate(_SHIFTS)]
    apart = [0.5 * math.erfc(-m / math.sqrt(8)) for m in _SHIFTS]  # Φ(m/2) = ½(1 + TV)
    # E(x² − 1)² at N(m, 1), m⁴ + 4m² + 2; the best line at N(0, 1) is 1.
    law = [gaussian_expectation(partial(_square_miss, shift=m)) for m in _SHIFTS]
    n = setting.size(4000, 20_000)
    # Noise in the line, covariance diag(10, 2)/n + O(1/n²), adds (10(1 + m²) + 2)/n on average, and less than half as
    # much again through its correlation with the data.
    bias = [1.5 * (10 * (1 + m**2) + 2) / n for m in _SHIFTS]
    return Result(
        checks=(
            *(
                equal(f"accuracy of telling the splits apart, means {m:g} apart: Φ(m/2)", p, told, bias=1 / n)
                for m, p, (told, *_) in zip(_SHIFTS, apart, seen, strict=True)
            ),
            *(
                equal(f"validation error of the best line through x², shift {m:g}: m⁴ + 4m² + 2", p, e, bias=b)
                for m, p, b, (_, e, _) in zip(_SHIFTS, law, bias, seen, strict=True)
            ),
            *(
                equal(f"the same by importance weights on training inputs, shift {m:g}", p, w, bias=b)
                for m, p, b, (*_, w) in zip(_SHIFTS, law, bias, seen, strict=True)
                if m <= 1  # beyond, the weights' fourth moment makes their mean too uneven
            ),
        ),
        figures=(
            versus("Validation error under shift", "shift m", "mean squared error", _SHIFTS, law,
                   [e for _, e, _ in seen]),
            versus("Telling the splits apart", "shift m", "accuracy", _SHIFTS, apart, [t for t, *_ in seen]),
        ),
        notes=("Without shift the error is 2, at any amount of training: the gap is none of overfitting, the line has "
               "two parameters.",),
    )  # fmt: skip


EXPERIMENT = Experiment(
    name="shifted-splits-are-told-apart",
    claim="For training inputs N(0, 1) and validation inputs N(m, 1), the best classifier of the split is right with "
    "½(1 + TV) = Φ(m/2), and the best line through x² errs by m⁴ + 4m² + 2 instead of 2.",
    source="Shimodaira (2000), Improving predictive inference under covariate shift; Lopez-Paz and Oquab (2017).",
    textbook=("B41",),
    control="rows shuffled before the split",
    run=_run,
    formulas=("rhobar.linalg.gaussian_expectation",),
    findings=("train-validation-shift",),
)
