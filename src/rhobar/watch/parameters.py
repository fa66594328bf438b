"""Weights, gradients and updates of one training: sampled for directions, summarised for sizes."""

import math
import weakref
from dataclasses import dataclass

import torch
from torch import Tensor

from rhobar.record import ParameterFacts, ParameterReading
from rhobar.watch.moments import sampled
from rhobar.watch.naming import Names

__all__ = ["Parameters", "Tracked", "cosine", "identical_rows"]

SAMPLE = 512
"""Elements kept of each parameter for directions and movement."""


@dataclass
class Tracked:
    """One parameter that a training reaches or holds."""

    ref: "weakref.ref[Tensor]"
    name: str
    module: str
    shape: tuple[int, ...]
    first: Tensor
    start_std: float
    identical: float
    reached: bool = False
    held: bool = False
    used: bool = False
    has_gradient: bool = False
    nonzero_gradient: bool = False
    moved: bool = False
    movement: float | None = None
    axis: int = 0
    owned: bool = True

    def turn(self, tensor: Tensor) -> None:
        """The weight stands as (in, out): its units are columns."""
        if self.axis == 0:
            self.axis, self.identical = 1, identical_rows(tensor, 1)

    def see(self, now: Tensor) -> None:
        """Compare the sampled weights with the first ones."""
        if now.shape == self.first.shape:
            start, way = float(self.first.norm()), float((now - self.first).norm())
            self.movement = way / start if start > 0 else way
            self.moved = self.moved or not torch.equal(now, self.first)

    def facts(self) -> ParameterFacts:
        """Summarise it as it stands now, or as it was last seen if it is gone."""
        tensor = self.ref()
        identical_end, trainable = self.identical, True
        if tensor is not None:
            trainable = tensor.requires_grad
            self.see(sampled(tensor, SAMPLE).double().cpu())
            identical_end = identical_rows(tensor, self.axis)
        fan_in, fan_out = fans(self.shape)
        return ParameterFacts(
            name=self.name,
            shape=self.shape,
            module=self.module,
            trainable=trainable,
            used=self.used,
            reached=self.reached,
            held=self.held,
            has_gradient=self.has_gradient,
            zero_gradient=self.has_gradient and not self.nonzero_gradient,
            moved=self.moved,
            movement=self.movement,
            identical_units=self.identical,
            identical_units_end=identical_end,
            initial_std=self.start_std,
            fan_in=fan_in,
            fan_out=fan_out,
        )


class Parameters:
    """All parameters of a training, by identity."""

    def __init__(self, names: Names) -> None:
        self._names = names
        self.tracked: dict[int, Tracked] = {}

    def track(self, tensor: Tensor) -> Tracked:
        """Start to follow a parameter (or find it again)."""
        known = self.tracked.get(id(tensor))
        if known is not None and known.ref() is tensor:
            return known
        first = sampled(tensor, SAMPLE).double().cpu().clone()
        std = float(first.std(correction=0)) if first.numel() > 1 else 0.0
        known = Tracked(
            weakref.ref(tensor),
            self._names(tensor),
            self._names.module(tensor),
            tuple(tensor.shape),
            first,
            std,
            identical_rows(tensor),
            owned=self._names.known(tensor) or isinstance(tensor, torch.nn.Parameter),
        )
        self.tracked[id(tensor)] = known
        return known

    def live(self) -> list[tuple[Tracked, Tensor]]:
        """The parameters that still exist."""
        return [(t, tensor) for t in self.tracked.values() if (tensor := t.ref()) is not None]

    def read(self) -> tuple[list[ParameterReading], Tensor, Tensor, float | None]:
        """Sizes of weights and gradients; sampled weights; sampled gradients; ‖g‖₂ over everything."""
        readings, weights, gradients = [], [], []
        square, any_gradient = 0.0, False
        for tracked, tensor in self.live():
            w = sampled(tensor, SAMPLE).double().cpu()
            weights.append(w)
            tracked.see(w)
            grad = tensor.grad
            size = tensor.numel()
            rms_w = _rms(w)
            if grad is None:
                gradients.append(torch.zeros_like(w))
                readings.append(ParameterReading(tracked.name, size, rms_w))
                continue
            any_gradient = tracked.has_gradient = True
            g_sample = sampled(grad, SAMPLE).double().cpu()
            gradients.append(g_sample if g_sample.shape == w.shape else torch.zeros_like(w))
            norm = float(torch.linalg.vector_norm(grad.detach().to_dense() if grad.is_sparse else grad.detach()))
            tracked.nonzero_gradient = tracked.nonzero_gradient or norm != 0
            bad = float((~torch.isfinite(g_sample)).double().mean()) if not math.isfinite(norm) else 0.0
            square += norm * norm
            readings.append(
                ParameterReading(
                    tracked.name,
                    size,
                    rms_w,
                    norm / math.sqrt(max(size, 1)),
                    max(bad, 1 / max(size, 1)) if not math.isfinite(norm) else 0.0,
                )
            )
        empty = torch.zeros(0, dtype=torch.float64)
        return (
            readings,
            torch.cat(weights) if weights else empty,
            torch.cat(gradients) if gradients else empty,
            math.sqrt(square) if any_gradient and square >= 0 else (math.nan if any_gradient else None),
        )

    def weights(self) -> list[Tensor]:
        """Sampled weights, one tensor per live parameter."""
        return [sampled(tensor, SAMPLE).double().cpu().clone() for _, tensor in self.live()]

    def gradient_norm(self) -> float | None:
        """‖g‖₂ over everything that has a gradient."""
        grads = [tensor.grad for _, tensor in self.live() if tensor.grad is not None]
        if not grads:
            return None
        norms = [float(torch.linalg.vector_norm(g.detach().to_dense() if g.is_sparse else g.detach())) for g in grads]
        return math.sqrt(sum(n * n for n in norms))


def cosine(a: Tensor, b: Tensor) -> float | None:
    """cos(a, b), ``None`` where a length is zero, sizes differ or a value is not finite."""
    if a.shape != b.shape or a.numel() == 0:
        return None
    norm = float(a.norm() * b.norm())
    return float(a @ b) / norm if norm > 0 and math.isfinite(norm) else None


def identical_rows(weight: Tensor, axis: int = 0) -> float:
    """Share of units of a layer (slices along `axis`) that equal the first one; 0 for vectors and single units."""
    if weight.ndim < 2 or weight.shape[axis] < 2 or not weight.is_floating_point() or weight.numel() == 0:
        return 0.0
    if weight.layout != torch.strided:
        return 0.0
    rows = weight.detach().movedim(axis, 0).reshape(weight.shape[axis], -1)[:256, :256]
    gap = (rows - rows[:1]).abs().amax(1)
    scale = rows.abs().amax()
    # Equal units may differ by rounding once they were trained: sums in another order, relative to float's ε.
    tolerance = 1e-5 * scale
    same = int((gap <= tolerance).sum())
    return same / rows.shape[0] if same > 1 else 0.0


def fans(shape: tuple[int, ...]) -> tuple[int, int]:
    """(fan-in, fan-out) as torch's initialisers count them; zeros for vectors."""
    if len(shape) < 2:
        return 0, 0
    field = math.prod(shape[2:])
    return shape[1] * field, shape[0] * field


def _rms(w: Tensor) -> float:
    return math.sqrt(float(w.square().mean())) if w.numel() else 0.0
