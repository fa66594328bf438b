"""Readings that wait for the step that uses their gradient: what it changed, and how it lies to the step before.

A reading is complete once the weights have moved. Several may wait for one step (gradient accumulation), several
optimizers may share one step, and a step may be skipped (loss scaling): so the change is read when the next backward
pass of any training begins, not when the first optimizer returns.
"""

import dataclasses

from torch import Tensor

from rhobar.record import ParameterReading, Reading
from rhobar.watch.parameters import Parameters, Samples, cosine

__all__ = ["OpenReading", "Updates"]

MOST_WAITING = 64
"""Readings of one step that are kept until it comes; of more, the oldest are closed without an update."""


@dataclasses.dataclass
class OpenReading:
    """A dense reading whose update has not been seen yet: with the sampled weights before it, and the gradient."""

    reading: Reading
    weights: Samples
    gradient: Tensor


class Updates:
    """The readings of one training that wait for their step.

    Args:
        parameters: What moves.
    """

    def __init__(self, parameters: Parameters) -> None:
        self._parameters = parameters
        self._last: tuple[int, Tensor, Tensor] | None = None
        self.waiting: list[OpenReading] = []
        self.stepped = False
        """Whether an optimizer has used the gradients of those that wait."""

    @property
    def latest(self) -> OpenReading | None:
        """The reading taken last, while it waits."""
        return self.waiting[-1] if self.waiting else None

    def add(self, opened: OpenReading) -> list[Reading]:
        """Let a reading wait; returns those that waited too long."""
        self.waiting.append(opened)
        gone, self.waiting = self.waiting[:-MOST_WAITING], self.waiting[-MOST_WAITING:]
        return [old.reading for old in gone]

    def settle(self, *, at_once: bool = False) -> tuple[list[Reading], bool]:
        """Complete what waits with the change of the weights, if they moved or were stepped.

        Args:
            at_once: Also if nothing moved.

        Returns:
            The readings, and whether a weight changed.
        """
        if not self.waiting:
            return [], False
        now = self._parameters.weights()
        opened = self.waiting[-1]
        if now.sizes != opened.weights.sizes:
            return self._close([old.reading for old in self.waiting]), False
        update = now.flat - opened.weights.flat
        moved = bool(update.any())
        if not (moved or self.stepped or at_once):
            return [], False
        sizes = now.of(update).rms()
        closed = [_with_update(old.reading, sizes) for old in self.waiting]
        closed[-1] = self._angles(closed[-1], opened.gradient, update)
        return self._close(closed), moved

    def skip(self) -> list[Reading]:
        """The step was not taken: the gradients of what waits were dropped, and count as not seen."""
        return self._close([_without_gradient(old.reading) for old in self.waiting])

    def _close(self, readings: list[Reading]) -> list[Reading]:
        self.waiting, self.stepped = [], False
        return readings

    def _angles(self, reading: Reading, gradient: Tensor, update: Tensor) -> Reading:
        """Angles to the gradient, and to the step right before."""
        reading = dataclasses.replace(reading, uphill=cosine(update, gradient))
        last, self._last = self._last, (reading.step, gradient, update)
        if last is None or last[0] != reading.step - 1:
            return reading
        _, before, moved = last
        ratio = None
        if before.shape == gradient.shape and float(before @ before) > 0:
            ratio = float(gradient @ before) / float(before @ before)
        return dataclasses.replace(
            reading,
            gradient_cosine=cosine(gradient, before),
            gradient_ratio=ratio,
            update_cosine=cosine(update, moved),
        )


def _with_update(reading: Reading, sizes: list[float]) -> Reading:
    parameters = tuple(
        ParameterReading(p.name, p.size, p.weight, p.gradient, p.gradient_nonfinite, size)
        for p, size in zip(reading.parameters, sizes, strict=True)
    )
    return dataclasses.replace(reading, parameters=parameters)


def _without_gradient(reading: Reading) -> Reading:
    return dataclasses.replace(
        reading,
        layers=tuple(dataclasses.replace(layer, gradient=None) for layer in reading.layers),
        parameters=tuple(ParameterReading(p.name, p.size, p.weight) for p in reading.parameters),
        gradient_norm=None,
        applied_norm=None,
    )
