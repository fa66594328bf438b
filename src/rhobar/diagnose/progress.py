"""How far a training came: its loss at both ends, beside what the best constant answer would score."""

import math
from dataclasses import dataclass
from statistics import fmean, median

from rhobar.record import Training

__all__ = ["MIN_STEPS", "Progress", "progress", "smoothed"]

MIN_STEPS = 20
"""Fewest backward passes from which anything is said about how a loss moves: the standard error of a
mean over a tenth of the steps (two of them) then still spans the usual batch noise."""


@dataclass(frozen=True)
class Progress:
    """The course of the training loss.

    Attributes:
        start: Median of the first losses (at most 5, at most a twentieth of all).
        end: Mean of the last tenth (or of the last epoch, if that is longer).
        best: Lowest smoothed loss.
        noise: Standard error of `end`.
        constant: Loss of the best constant answer, ``None`` if unknown.
        num_steps: Backward passes.
        finite: Whether every loss was finite.
        first: The very first loss.
        usual: Median of the losses that `end` is the mean of.
        floor: What a perfect answer scores: 0, but for smoothed labels.
    """

    start: float
    end: float
    best: float
    noise: float
    constant: float | None
    num_steps: int
    finite: bool
    first: float = math.inf
    usual: float = 0.0
    floor: float = 0.0

    @property
    def explained(self) -> float | None:
        """(constant − end)/(constant − floor): 0 for a net that answers a constant, 1 for a perfect fit."""
        if self.constant is None or self.constant - self.floor <= 1e-12 or not math.isfinite(self.end):
            return None
        return (self.constant - self.end) / (self.constant - self.floor)

    @property
    def fall(self) -> float:
        """1 − end / start, for positive losses: the share of the first loss that is gone."""
        return 1 - self.end / self.start if self.start > 0 and math.isfinite(self.end) else 0.0

    @property
    def stuck(self) -> bool:
        """No better than the best constant answer (5 % of it as margin), or than the start if that is unknown."""
        if not math.isfinite(self.end):
            return True
        if self.explained is not None:
            return self.explained < 0.05
        return self.start - self.end < 0.05 * abs(self.start) + 2 * self.noise

    @property
    def learned(self) -> bool:
        """Explains at least half of what a constant answer leaves, or lost half of the first loss."""
        if not math.isfinite(self.end):
            return False
        return self.explained >= 0.5 if self.explained is not None else self.fall >= 0.5

    @property
    def diverged(self) -> bool:
        """Non-finite, or ending far above both its start and its best, or above its first loss and a constant's."""
        if not math.isfinite(self.end):
            return True
        if self.constant is not None and self.usual > 2 * max(self.constant, abs(self.first)):
            return True
        return self.end > 2 * abs(self.start) + 1e-9 and self.end > 2 * abs(self.best) + 4 * self.noise


def smoothed(losses: list[float], window: int) -> list[float]:
    """Means over consecutive windows of the given length, the last one partial if at least half full."""
    window = max(window, 1)
    blocks = [losses[i : i + window] for i in range(0, len(losses), window)]
    return [fmean(block) for block in blocks if 2 * len(block) >= window or len(blocks) == 1]


def progress(training: Training) -> Progress | None:
    """Summarise the losses of a training; ``None`` if it has none."""
    losses = training.losses
    if not losses:
        return None
    n = len(losses)
    head = losses[: max(1, min(5, n // 20))]
    tail = losses[-max(1, n // 10, min(training.epoch_length or 1, n // 2)) :]
    spread = math.sqrt(fmean((x - fmean(tail)) ** 2 for x in tail)) if all(map(math.isfinite, tail)) else 0.0
    finite = [x for x in losses if math.isfinite(x)]
    return Progress(
        start=median(head),
        end=fmean(tail),
        best=min(smoothed(finite, max(1, n // 20))) if finite else math.nan,
        noise=spread / math.sqrt(len(tail)),
        constant=training.targets.constant_loss if training.targets else None,
        num_steps=n,
        finite=len(finite) == n,
        first=losses[0],
        usual=median(tail),
        floor=training.targets.floor_loss if training.targets else 0.0,
    )
