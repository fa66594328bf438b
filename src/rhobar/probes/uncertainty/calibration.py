"""Calibration: of the answers given with confidence 80 %, are 80 % right?

With the samples sorted by confidence into bins b of n_b,

    ECE = Σ_b (n_b / n) |acc_b − conf_b|.

Sampling alone makes it positive, so it stands beside the interval of ECEs that a perfectly calibrated model with these
very confidences would show (answers right with probability conf_i). The interval of the true, binned ECE comes from the
basic bootstrap, which takes that bias off; where a calibrated model shows as much, it begins at zero.

Textbook: B15[Prob].

References:
    Guo, Pleiss, Sun and Weinberger (2017), On calibration of modern neural networks, eq. 3.
    Bröcker and Smith (2007), Increasing the reliability of reliability diagrams, section 3 (consistency resampling).
    Davison and Hinkley (1997), Bootstrap methods, eq. 5.6 (the basic interval).
"""

from dataclasses import dataclass, field

import torch
from jaxtyping import Float, Int
from torch import Tensor

from rhobar.probes.uncertainty.predictions import checked_probabilities

__all__ = ["Calibration", "Reliability", "calibration"]


@dataclass(frozen=True)
class Reliability:
    """The reliability diagram: one entry a bin, empty bins left out.

    Attributes:
        confidence: Mean confidence.
        accuracy: Share of right answers.
        stderr: Standard error of `accuracy`.
        counts: Samples.
    """

    confidence: Float[Tensor, " bins"] = field(repr=False)
    accuracy: Float[Tensor, " bins"] = field(repr=False)
    stderr: Float[Tensor, " bins"] = field(repr=False)
    counts: Int[Tensor, " bins"] = field(repr=False)


@dataclass(frozen=True)
class Calibration:
    """How far confidence is from accuracy.

    Attributes:
        ece: The plain estimate, which is too large.
        stderr: Its standard error, by the bootstrap.
        interval: Of the true ECE of these bins.
        if_calibrated: Mean of the ECE that a calibrated model would show, with as many samples.
        limit: What a calibrated model would exceed with probability 1 − confidence only.
        overconfidence: Mean confidence less accuracy.
        overconfidence_stderr: Its standard error.
        diagram: Bin by bin.
    """

    ece: float
    stderr: float
    interval: tuple[float, float]
    if_calibrated: float
    limit: float
    overconfidence: float
    overconfidence_stderr: float
    diagram: Reliability = field(repr=False)

    @property
    def calibrated(self) -> bool:
        """Whether the ECE is within what a calibrated model would show."""
        return self.ece <= self.limit


def calibration(
    probabilities: Float[Tensor, "samples classes"],
    classes: Int[Tensor, " samples"],
    *,
    num_bins: int = 15,
    equal: str = "width",
    confidence: float = 0.95,
    num_resamples: int = 500,
    generator: torch.Generator | None = None,
) -> Calibration:
    """Hold confidences against accuracy.

    Args:
        probabilities: Rows that sum to one.
        classes: The true classes.
        num_bins: Bins of confidence.
        equal: "width", as in the paper, or "mass", of as many samples each.
        confidence: Of the interval and the limit.
        num_resamples: Of both bootstraps.
        generator: Source of the resamples; by default one seeded with zero.

    Raises:
        ValueError: If probabilities and classes do not fit, or an option is out of range.

    Example:
        >>> p = torch.tensor([[0.9, 0.1]]).repeat(100, 1)
        >>> found = calibration(p, (torch.arange(100) >= 50).long())  # 90 % sure, half right
        >>> round(found.ece, 3), found.calibrated
        (0.4, False)
    """
    if num_bins < 1 or equal not in ("width", "mass") or not 0 < confidence < 1 or num_resamples < 20:
        raise ValueError(
            'num_bins must be at least 1, equal "width" or "mass", confidence in (0, 1) and num_resamples at least 20, '
            f"got {num_bins}, {equal!r}, {confidence} and {num_resamples}."
        )
    p, y = checked_probabilities(probabilities, classes)
    conf, answer = p.max(1)
    right = (answer == y).double()
    bins = _bins(conf, num_bins, equal)
    generator = generator or torch.Generator().manual_seed(0)
    n, ece = conf.numel(), _ece(bins, (right - conf)[None], num_bins).item()
    draws = torch.randint(n, (num_resamples, n), generator=generator)
    resampled = _ece(bins[draws], (right - conf)[draws], num_bins)
    ideal = (torch.rand(num_resamples, n, generator=generator, dtype=torch.float64) < conf).double()
    null = _ece(bins, ideal - conf, num_bins)
    tail = (1 - confidence) / 2
    low, high = resampled.quantile(torch.tensor([tail, 1 - tail], dtype=torch.float64)).tolist()
    if ece <= null.quantile(1 - tail):  # as much as a calibrated model shows
        high, low = 2 * ece, min(low, ece)
    gap = conf - right
    return Calibration(
        ece,
        resampled.std().item(),
        (max(2 * ece - high, 0.0), min(max(2 * ece - low, 0.0), 1.0)),
        null.mean().item(),
        null.quantile(confidence).item(),
        gap.mean().item(),
        (gap.std() / n**0.5).item(),
        _diagram(bins, conf, right, num_bins),
    )


def _bins(conf: Tensor, num_bins: int, equal: str) -> Tensor:
    if equal == "width":
        return (conf * num_bins).long().clamp_(0, num_bins - 1)
    ranks = torch.searchsorted(conf.sort().values, conf)
    return ranks * num_bins // conf.numel()


def _ece(bins: Tensor, gaps: Float[Tensor, "resamples n"], num_bins: int) -> Float[Tensor, " resamples"]:
    """Return Σ_b |Σ_{i in b} gap_i| / n of each resample."""
    sums = torch.zeros(gaps.shape[0], num_bins, dtype=gaps.dtype)
    sums.scatter_add_(1, bins.expand_as(gaps), gaps)
    return sums.abs().sum(1) / gaps.shape[1]


def _diagram(bins: Tensor, conf: Tensor, right: Tensor, num_bins: int) -> Reliability:
    counts = torch.bincount(bins, minlength=num_bins)
    used = counts > 0
    of = counts[used]
    mean, accuracy = (torch.bincount(bins, weights=w, minlength=num_bins)[used] / of for w in (conf, right))
    softened = (accuracy * of + 2) / (of + 4)
    return Reliability(mean, accuracy, (softened * (1 - softened) / (of + 4)).sqrt(), of)
