"""Loss scaling: mixed precision differentiates s·L, and what arrives is s·∇L until the scaler divides it again.

    torch.amp.GradScaler:  s·L  →  s·∇L  →  ∇L, or a step that is skipped if s·∇L overflowed, and a smaller s

The watcher sees L and ∇L: the loss that went into `scaler.scale` is read in place of the one that came out, gradients
are divided by s before they are judged, and a skipped step is counted, not taken for one that changed nothing.

Reference: Micikevicius et al. (2018), Mixed precision training, section 3.2.
"""

import dataclasses
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor
from torch.optim.optimizer import Optimizer

from rhobar.record import Moments, Reading, ScalingFacts
from rhobar.watch.forwards import tensors_in
from rhobar.watch.graph import Node

__all__ = ["LossScale", "ScaledLosses", "ScalingHistory", "skipped_inside", "unscaled"]

MOST_WAITING = 4
"""Scaled losses that may wait for their backward pass at once."""
NEAR = 4
"""Operations between a scaled loss and what is differentiated (a division by the number of accumulated batches)."""


class LossScale:
    """The factor of one loss; on an accelerator it is fetched only when somebody asks."""

    def __init__(self, scale: float | Tensor) -> None:
        self._scale = scale

    @property
    def value(self) -> float:
        """The factor as a number."""
        self._scale = float(self._scale)
        return self._scale

    def divide(self, loss: Tensor) -> Tensor:
        """Loss / s, without waiting for either."""
        return loss.detach() / self._scale


@dataclass
class _Scaled:
    before: Tensor
    after: Tensor
    node: Node | None
    scale: LossScale


class ScaledLosses:
    """The losses that a scaler multiplied, until they are differentiated."""

    def __init__(self) -> None:
        self.waiting: list[_Scaled] = []

    def note(self, scaler: Any, outputs: Any, scaled: Any) -> None:  # noqa: ANN401
        """A scaler multiplied a loss, or several."""
        if not scaler.is_enabled():
            return
        for before, after in zip(tensors_in(outputs), tensors_in(scaled), strict=False):
            factor = scaler._scale
            scale = LossScale(float(factor) if factor.is_cpu else factor.detach().clone())
            self.waiting.append(_Scaled(before, after, after.grad_fn, scale))
        self.waiting = self.waiting[-MOST_WAITING:]

    def origin(self, loss: Tensor) -> tuple[Tensor, LossScale | None, bool]:
        """What to read for a loss that is about to be differentiated.

        Returns:
            The loss before it was scaled, or `loss` itself; the factor of the gradients; whether `loss` has it still.
        """
        if not self.waiting:
            return loss, None, False
        for found in self.waiting:
            if found.after is loss and found.before.grad_fn is not None:
                self._drop(found)
                return found.before, found.scale, False
        for found in self.waiting:
            if found.node is not None and _leads_to(loss.grad_fn, found.node, NEAR):
                self._drop(found)
                return loss, found.scale, True
        return loss, None, False

    def _drop(self, found: _Scaled) -> None:
        self.waiting = [other for other in self.waiting if other is not found]

    def forget(self) -> None:
        """A step was taken or skipped: what was scaled before it is over."""
        self.waiting.clear()


def _leads_to(node: Node | None, wanted: Node, depth: int) -> bool:
    if node is wanted:
        return True
    if node is None or depth == 0:
        return False
    return any(_leads_to(child, wanted, depth - 1) for child, _ in node.next_functions)


@dataclass
class ScalingHistory:
    """What became of one training's loss scale."""

    first: float = 0.0
    last: float = 0.0
    lowest: float = 0.0
    skipped: int = 0
    in_doubt: list[Tensor] = field(default_factory=list)
    """Whether steps were skipped that an accelerator decided on, not fetched yet."""

    def see(self, scale: float) -> None:
        """Note the scale of a reading or of a skipped step."""
        self.first, self.last = self.first or scale, scale
        self.lowest = min(self.lowest or scale, scale)

    def settle(self) -> int:
        """Fetch what an accelerator decided; returns how many steps it skipped."""
        found = int((torch.stack(self.in_doubt) > 0).sum()) if self.in_doubt else 0
        self.in_doubt.clear()
        self.skipped += found
        return found

    def facts(self) -> ScalingFacts | None:
        """Summarise it; ``None`` if no loss was scaled."""
        return ScalingFacts(self.first, self.last, self.lowest, self.skipped) if self.first else None


def skipped_inside(optimizer: Optimizer) -> Tensor | None:
    """What an optimizer that unscales and skips in its own kernel is told: above 0 if it changes nothing."""
    found = getattr(optimizer, "found_inf", None)
    return found if isinstance(found, Tensor) else None


def unscaled(reading: Reading, scale: float) -> Reading:
    """The reading with every gradient divided by the scale."""
    layers = tuple(
        layer if layer.gradient is None else dataclasses.replace(layer, gradient=_divided(layer.gradient, scale))
        for layer in reading.layers
    )
    parameters = tuple(
        p if p.gradient is None else dataclasses.replace(p, gradient=p.gradient / scale) for p in reading.parameters
    )
    norm = reading.gradient_norm
    return dataclasses.replace(
        reading, layers=layers, parameters=parameters, gradient_norm=None if norm is None else norm / scale
    )


def _divided(found: Moments, scale: float) -> Moments:
    return dataclasses.replace(found, mean=found.mean / scale, rms=found.rms / scale, max_abs=found.max_abs / scale)
