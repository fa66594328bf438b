"""Weights, gradients and updates of one training: sampled for directions, summarised for sizes."""

import itertools
import math
import weakref
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from rhobar.record import ParameterFacts, ParameterReading
from rhobar.watch.fresh import fans, looks_fresh
from rhobar.watch.moments import local, sampled
from rhobar.watch.naming import Names, is_float

__all__ = ["Histories", "Parameters", "Tracked", "cosine", "identical_rows"]

SAMPLE = 512
"""Elements kept of each parameter for directions and movement."""
STAYS = 3
"""Readings in which a loose tensor was the weight of a map, from which on it is one of the network's."""
LARGE = 1 << 13
"""Elements from which a dot product is faster than a norm."""


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
    weighed: int = 0
    """Readings in which it was the weight of a map."""
    moved_before: bool = False
    start: float = field(init=False)
    """Length of the first sample."""

    def __post_init__(self) -> None:
        self.start = float(self.first.norm())

    @property
    def belongs(self) -> bool:
        """Whether it is a parameter: of a module, held by an optimizer, or a tensor that stays and weighs signals."""
        return self.owned or self.held or (self.weighed >= STAYS and self.ref() is not None)

    def turn(self, tensor: Tensor) -> None:
        """The weight stands as (in, out): its units are columns."""
        if self.axis == 0:
            self.axis, self.identical = 1, identical_rows(tensor, 1)

    def see(self, now: Tensor) -> None:
        """Compare the sampled weights with the first ones."""
        if now.shape == self.first.shape:
            self.moves(float((now - self.first).norm()))

    def moves(self, way: float) -> None:
        """Note the distance of the sampled weights from the first ones."""
        self.movement = way / self.start if self.start > 0 else way
        self.moved = self.moved or way != 0

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
            moved_before=self.moved_before,
            fresh=looks_fresh(self.first, self.shape),
            movement=self.movement,
            identical_units=self.identical,
            identical_units_end=identical_end,
            initial_std=self.start_std,
            fan_in=fan_in,
            fan_out=fan_out,
        )


@dataclass
class Samples:
    """Samples of several tensors side by side in one float64 vector on the CPU."""

    flat: Tensor
    sizes: list[int]

    @classmethod
    def take(cls, samples: list[Tensor]) -> "Samples":
        """Copy samples, in one transfer where they are alike."""
        sizes = [s.numel() for s in samples]
        if not samples:
            return cls(torch.zeros(0, dtype=torch.float64), sizes)
        if len({(s.dtype, s.device) for s in samples}) == 1 and samples[0].dtype in (torch.float32, torch.float64):
            return cls(torch.cat(samples).to("cpu", torch.float64), sizes)
        return cls(torch.cat([s.to("cpu", torch.float64) for s in samples]), sizes)

    def of(self, flat: Tensor) -> "Samples":
        """Other values in the same places."""
        return Samples(flat, self.sizes)

    def squares(self) -> list[float]:
        """Σ x² of each sample."""
        sums = iter(())
        if self.flat.numel():
            starts = [0, *itertools.accumulate(n for n in self.sizes if n)][:-1]
            with np.errstate(all="ignore"):
                sums = iter(np.add.reduceat(self.flat.square().numpy(), starts).tolist())
        return [next(sums) if n else 0.0 for n in self.sizes]

    def rms(self) -> list[float]:
        """√(mean x²) of each sample, 0 of an empty one."""
        return [math.sqrt(square / n) if n else 0.0 for square, n in zip(self.squares(), self.sizes, strict=True)]


class Histories:
    """What became of parameters before a training got hold of them: loaded from a checkpoint, or trained by another.

    Attributes:
        parameters: Those of all trainings of the run.
        loaded: Parameters that a state was loaded into, by identity.
    """

    def __init__(self) -> None:
        self.parameters: list[Parameters] = []
        self.loaded: dict[int, weakref.ref[Tensor]] = {}

    def load(self, tensors: Iterable[Tensor]) -> None:
        """Note that a state is being loaded into these parameters."""
        self.loaded.update((id(tensor), weakref.ref(tensor)) for tensor in tensors)

    def moved(self, tensor: Tensor, now: Tensor, by: "Parameters") -> bool:
        """Whether another training moved it, or a state was loaded that no initialiser draws."""
        for other in self.parameters:
            known = other.tracked.get(id(tensor))
            if other is not by and known is not None and known.ref() is tensor:
                return known.moved or (known.first.shape == now.shape and not torch.equal(known.first, now))
        loaded = self.loaded.get(id(tensor))
        return loaded is not None and loaded() is tensor and not looks_fresh(now, tuple(tensor.shape))


class Parameters:
    """All parameters of a training, by identity."""

    def __init__(self, names: Names, histories: "Histories | None" = None) -> None:
        self._names = names
        self._histories = histories if histories is not None else Histories()
        self._histories.parameters.append(self)
        self.tracked: dict[int, Tracked] = {}
        self._early: dict[int, tuple[Tensor, Tensor, float]] = {}
        self.captured = False
        """Whether optimizers used some gradients of the latest reading inside its backward pass."""

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
            moved_before=self._histories.moved(tensor, first, self),
        )
        self.tracked[id(tensor)] = known
        return known

    def weighs(self, tensor: Tensor) -> None:
        """Note that a tensor was the weight of a map."""
        known = self.tracked.get(id(tensor))
        if known is not None and known.ref() is tensor:
            known.weighed += 1

    def live(self) -> list[tuple[Tracked, Tensor]]:
        """The parameters that still exist."""
        return [(t, tensor) for t in self.tracked.values() if (tensor := t.ref()) is not None]

    def capture(self, tensors: Iterable[Tensor]) -> None:
        """Read weights and gradients now that will not be there when the backward pass has ended."""
        for tensor in tensors:
            if tensor.grad is not None and id(tensor) in self.tracked:
                (norm,) = _norms([tensor.grad])
                gradient = _same_size(sampled(tensor.grad, SAMPLE), sampled(tensor, SAMPLE).numel())
                self._early[id(tensor)] = sampled(tensor, SAMPLE).clone(), gradient.clone(), norm

    def read(self, *, reached: bool = False) -> tuple[list[ParameterReading], "Samples", Tensor, float | None]:
        """Sizes of weights and gradients; sampled weights; sampled gradients; ‖g‖₂ over everything.

        Args:
            reached: Whether a gradient tells that the loss reaches a parameter, where its graph does not show all.
        """
        live, early = self.live(), self._early
        self._early, self.captured = {}, bool(early)
        firsts = [early.get(id(tensor)) for _, tensor in live]
        weights = Samples.take(
            [sampled(tensor, SAMPLE) if e is None else e[0] for (_, tensor), e in zip(live, firsts, strict=True)]
        )
        self._see(live, weights)
        grads = [tensor.grad if e is None else e[1] for (_, tensor), e in zip(live, firsts, strict=True)]
        samples = [
            _same_size(sampled(grad, SAMPLE), n) if grad is not None else local(tensor).new_zeros(n)
            for grad, (_, tensor), n in zip(grads, live, weights.sizes, strict=True)
        ]
        norms = iter(_norms([grad for grad, e in zip(grads, firsts, strict=True) if grad is not None and e is None]))
        readings, square, any_gradient = [], 0.0, False
        for (tracked, tensor), grad, sample, rms_w, e in zip(live, grads, samples, weights.rms(), firsts, strict=True):
            size = tensor.numel()
            if grad is None:
                readings.append(ParameterReading(tracked.name, size, rms_w))
                continue
            any_gradient = tracked.has_gradient = True
            tracked.reached = tracked.reached or reached
            norm = next(norms) if e is None else e[2]
            tracked.nonzero_gradient = tracked.nonzero_gradient or norm != 0
            bad = 0.0
            if not math.isfinite(norm):  # its square may be too large for its type where the gradient is not
                norm = _norm(local(grad).double() if not grad.is_complex() else grad)
            if not math.isfinite(norm):
                bad = max(float((~torch.isfinite(sample)).double().mean()), 1 / max(size, 1))
            norm = _of_all(tensor, norm)
            square += norm * norm
            readings.append(ParameterReading(tracked.name, size, rms_w, norm / math.sqrt(max(size, 1)), bad))
        length = math.sqrt(square) if any_gradient and square >= 0 else (math.nan if any_gradient else None)
        return readings, weights, Samples.take(samples).flat, length

    def _see(self, live: list[tuple[Tracked, Tensor]], now: "Samples") -> None:
        """Compare the sampled weights with the first ones."""
        first = torch.cat([tracked.first for tracked, _ in live]) if live else now.flat
        if [tracked.first.numel() for tracked, _ in live] == now.sizes:
            for (tracked, _), square in zip(live, now.of(now.flat - first).squares(), strict=True):
                tracked.moves(math.sqrt(square))
        else:
            for (tracked, _), w in zip(live, now.flat.split(now.sizes), strict=True):
                tracked.see(w)

    def weights(self) -> "Samples":
        """Sampled weights of the live parameters."""
        return Samples.take([sampled(tensor, SAMPLE) for _, tensor in self.live()])

    def gradient_norm(self) -> float | None:
        """‖g‖₂ over everything that has a gradient."""
        held = [(tensor, tensor.grad) for _, tensor in self.live() if tensor.grad is not None]
        norms = _norms([grad for _, grad in held])
        whole = (_of_all(tensor, norm) for (tensor, _), norm in zip(held, norms, strict=True))
        return math.sqrt(sum(norm * norm for norm in whole)) if held else None


def cosine(a: Tensor, b: Tensor) -> float | None:
    """cos(a, b), ``None`` where a length is zero, sizes differ or a value is not finite."""
    if a.shape != b.shape or a.numel() == 0:
        return None
    norm = float(a.norm() * b.norm())
    return float(a @ b) / norm if norm > 0 and math.isfinite(norm) else None


def identical_rows(weight: Tensor, axis: int = 0) -> float:
    """Share of units of a layer (slices along `axis`) that equal the first one; 0 for vectors and single units."""
    weight = local(weight)
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


def _norms(grads: list[Tensor]) -> list[float]:
    """‖g‖₂ of each, in one transfer where they are alike: √(g·g) for large ones, whose kernel is four times faster."""
    grads = [local(g) for g in grads]
    if (
        len({(g.dtype, g.device, g.layout) for g in grads}) == 1
        and grads[0].layout == torch.strided
        and is_float(grads[0])
    ):
        exact = grads[0].dtype in (torch.float32, torch.float64)
        large = [i for i, g in enumerate(grads) if exact and g.numel() >= LARGE and g.is_contiguous()]
        small = [g.detach() for i, g in enumerate(grads) if i not in large]
        found = [flat.dot(flat).sqrt() for flat in (grads[i].detach().view(-1) for i in large)]
        values = torch.stack([*found, *(torch._foreach_norm(small) if small else ())]).tolist()
        lengths, rest = dict(zip(large, values, strict=False)), iter(values[len(large) :])
        return [lengths[i] if i in lengths else next(rest) for i in range(len(grads))]
    return [_norm(g) for g in grads]


def _of_all(x: Tensor, norm: float) -> float:
    """The norm of a whole parameter, whose other elements, on other ranks, are taken to be as large as those here."""
    own, size = local(x).numel(), x.numel()
    return norm if own == size else norm * math.sqrt(size / own) if own else 0.0


def _norm(g: Tensor) -> float:
    return float(torch.linalg.vector_norm(g.detach().to_dense() if g.is_sparse else g.detach()))


def _same_size(sample: Tensor, size: int) -> Tensor:
    """The sample, or zeros where it is not one of the whole parameter (a sparse gradient)."""
    return sample if sample.numel() == size else sample.new_zeros(size)
