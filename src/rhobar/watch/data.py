"""What goes in and what is asked for: running statistics of inputs and targets, and a reservoir of pairs."""

import math
import statistics
from dataclasses import dataclass, field

import torch
from torch import Tensor

from rhobar.record import InputFacts, TargetFacts
from rhobar.watch.moments import real
from rhobar.watch.probe_rows import ProbeRows

__all__ = ["InputStatistics", "Pairs", "TargetStatistics", "constant_loss", "floor_loss"]

MAX_FEATURES = 4096
MAX_ROWS = 2048
FULL_ROWS, LATER_ROWS = 4096, 32
"""Rows of inputs read of one batch, until FULL_ROWS have been read and after: then the relative standard error of a
feature's spread is 1/√(2·4096) ≈ 1 %, and what comes later is read to see it drift."""
ORDERED = 64
"""Batches whose order of labels is judged: the standard error of a mean over them is an eighth of one batch's."""


@dataclass
class InputStatistics:
    """Running mean and variance of each feature, by sums in float64."""

    rows: int = 0
    shape: tuple[int, ...] = ()
    total: Tensor | None = None
    square: Tensor | None = None
    elements: int = 0
    bad: int = 0
    bad_where: tuple[int, int, int] | None = None
    bad_features: set[int] = field(default_factory=set)
    integer: bool = False
    given_finite: bool | None = None
    """Whether the model's arguments were finite whenever this was not; unknown before the first time."""

    def add(self, x: Tensor, operation: str, step: int) -> None:
        """Read one batch; features are channels for convolutions, the last axis otherwise."""
        self.shape = tuple(x.shape)
        if x.numel() == 0:
            return
        x = real(x.detach())
        if not x.is_floating_point():
            self.integer = True
            return
        x = x.reshape(1) if x.ndim == 0 else x.to_dense()
        axis = 1 if operation == "convolution" and x.ndim > 2 else x.ndim - 1
        limit = FULL_ROWS if self.rows < FULL_ROWS else LATER_ROWS
        flat = _rows(x.movedim(axis, -1)[..., :MAX_FEATURES], limit).double()
        total = flat.sum(0)
        # Sums tell of a bad element fifty times faster than a look at each.
        if not bool(torch.isfinite(total).all()):
            finite = torch.isfinite(flat)
            where = (~finite).nonzero()
            self.bad += where.shape[0]
            self.bad_features.update(where[:1000, 1].tolist())
            self.bad_where = self.bad_where or (step, int(where[0, 0]), int(where[0, 1]))
            flat = torch.where(finite, flat, 0.0)
            total = flat.sum(0)
        self.elements += flat.numel()
        if self.total is None or self.total.shape != flat.shape[1:]:
            self.total, self.square, self.rows = torch.zeros_like(flat[0]), torch.zeros_like(flat[0]), 0
        self.total += total
        assert self.square is not None
        self.square += flat.square().sum(0)
        self.rows += flat.shape[0]

    def facts(self) -> InputFacts | None:
        """Summarise what was read."""
        if self.integer:
            return InputFacts(self.rows, 0, integer=True, shape=self.shape)
        if self.total is None or self.square is None or self.rows == 0:
            return None
        mean = self.total / self.rows
        std = (self.square / self.rows - mean.square()).clamp_min(0).sqrt()
        # Rounding leaves √ε of the mean where the true spread is zero.
        std = torch.where(std < 1e-7 * mean.abs(), 0.0, std)
        return InputFacts(
            num_rows=self.rows,
            num_features=int(mean.numel()),
            mean=tuple(mean.tolist()),
            std=tuple(std.tolist()),
            nonfinite=self.bad / max(self.elements, 1),
            nonfinite_where=self.bad_where,
            nonfinite_features=tuple(sorted(self.bad_features)[:100]),
            shape=self.shape,
            given_finite=bool(self.given_finite),
        )


def _rows(x: Tensor, limit: int) -> Tensor:
    """Rows × features: at most about `limit` rows, spread over all leading axes, without a copy of the others."""
    while x.ndim > 2 and math.prod(x.shape[:-1]) > limit:
        longest = max(range(1, x.ndim - 1), key=x.shape.__getitem__)
        if x.shape[longest] < 2:
            break
        stride = min(-(-math.prod(x.shape[:-1]) // limit), max(2, math.isqrt(x.shape[longest])))
        x = x[(slice(None),) * longest + (slice(None, None, stride),)]
    flat = x.reshape(-1, x.shape[-1]) if x.ndim != 1 else x.reshape(1, -1)
    return flat[:: max(1, flat.shape[0] // limit)]


@dataclass
class TargetStatistics:
    """Targets as the loss received them: a bounded sample of rows, and how each batch was ordered."""

    rows: int = 0
    shape: tuple[int, ...] = ()
    dtype: str = ""
    kept: list[Tensor] = field(default_factory=list)
    num_kept: int = 0
    switches: float = 0.0
    purities: list[float] = field(default_factory=list)
    means: list[float] = field(default_factory=list)
    """Mean target of each batch whose order is judged."""
    constant: bool = True
    bad: float = 0.0
    bad_where: tuple[int, int] | None = None
    batches: int = 0

    def add(self, y: Tensor, step: int) -> None:
        """Read one batch of targets."""
        y = real(y.detach())
        if y.numel() == 0:
            return
        self.shape, self.dtype = tuple(y.shape), str(y.dtype).removeprefix("torch.")
        self.batches += 1
        rows = y.reshape(y.shape[0], -1) if y.ndim > 1 else y.reshape(-1, 1)
        self.rows += rows.shape[0]
        flat = rows[:, :MAX_FEATURES].to("cpu", torch.float64)
        # A sum tells of a bad element faster than a look at each; an infinite one of finite elements is looked at too.
        if not math.isfinite(flat.sum().item()) and not bool((finite := torch.isfinite(flat)).all()):
            where = (~finite).nonzero()
            self.bad += where.shape[0] / flat.numel()
            self.bad_where = self.bad_where or (step, int(where[0, 0]))
        if self.constant and flat.numel() and bool((flat != flat.reshape(-1)[0]).any()):
            self.constant = False
        if self.num_kept < MAX_ROWS:
            self.kept.append(flat[:: max(1, flat.shape[0] // MAX_ROWS)].clone())
            self.num_kept += self.kept[-1].shape[0]
        if len(self.purities) < ORDERED:
            self._order(flat)

    def _order(self, flat: Tensor) -> None:
        """Count label changes between neighbours, beside what a shuffled batch of the whole data would show."""
        labels = flat.argmax(1) if flat.shape[1] > 1 else flat[:, 0]
        if labels.numel() >= 4:
            self.means.append(float(flat.mean()))
            self.switches += float((labels[1:] != labels[:-1]).double().mean())
            counts = torch.unique(labels, return_counts=True)[1].double()
            self.purities.append(float(counts.max() / counts.sum()))

    def facts(self, constant_loss: float | None, floor_loss: float = 0.0) -> TargetFacts | None:
        """Summarise what was read."""
        width = max((k.shape[1] for k in self.kept), default=0)
        kept = [k for k in self.kept if k.shape[1] == width]
        if not kept:
            return None
        flat = torch.cat(kept)
        finite = flat[torch.isfinite(flat).all(1)]
        if finite.numel() == 0:
            return TargetFacts(self.rows, self.shape, self.dtype, nonfinite=1.0, nonfinite_where=self.bad_where)
        values, counts = torch.unique(finite, return_counts=True)
        few = values.numel() <= 64
        sums = finite.sum(1)
        one_hot = width > 1 and bool(((finite == 0) | (finite == 1)).all()) and bool((sums == 1).all())
        labels = finite.argmax(1) if one_hot else finite[:, 0]
        frequency = torch.unique(labels, return_counts=True)[1].double() / labels.numel()
        mixed = float(1 - frequency.square().sum())
        return TargetFacts(
            num_rows=self.rows,
            shape=self.shape,
            dtype=self.dtype,
            minimum=float(finite.min()),
            maximum=float(finite.max()),
            mean=float(finite.mean()),
            std=float(finite.var(0, correction=0).mean().sqrt()),
            offset=float(finite.mean(0).abs().max()),
            nonfinite=self.bad / max(self.batches, 1),
            nonfinite_where=self.bad_where,
            integral=bool((finite == finite.round()).all()),
            distinct=tuple(values.tolist()) if few else (),
            frequency=tuple((counts.double() / counts.sum()).tolist()) if few else (),
            one_hot=one_hot,
            constant_batches=self.constant,
            row_sum_error=float((sums - 1).abs().max()) if width > 1 else None,
            batch_switches=self.switches / len(self.purities) / mixed if self.purities and mixed > 1e-9 else None,
            batch_spread=_spread(self.means, finite),
            batch_purity=sum(self.purities) / len(self.purities) if self.purities else None,
            constant_loss=constant_loss,
            floor_loss=floor_loss,
        )

    def sample(self) -> Tensor | None:
        """The kept rows, float64."""
        width = max((k.shape[1] for k in self.kept), default=0)
        kept = [k for k in self.kept if k.shape[1] == width]
        return torch.cat(kept) if kept else None


def _spread(means: list[float], rows: Tensor) -> float | None:
    """Variance of the batches' means over that of the rows' means: 1/B for batches of B rows drawn at random."""
    whole = float(rows.mean(1).var(0, correction=0))
    if len(means) < 8 or not all(map(math.isfinite, means)) or whole <= 0:
        return None
    return statistics.pvariance(means) / whole


@dataclass
class Pairs:
    """A reservoir of (input row, target row), flattened, for probes that predict one from the other."""

    inputs: list[Tensor] = field(default_factory=list)
    targets: list[Tensor] = field(default_factory=list)
    rows: int = 0
    each_step: bool = False
    """Whether pairs are added at every step rather than at dense readings."""
    distinct: bool = True
    """Whether a repeated input is the same sample seen again, and counts once."""

    @property
    def full(self) -> bool:
        """Whether no more rows are taken."""
        return self.rows >= MAX_ROWS

    def add(self, rows: ProbeRows) -> None:
        """Keep rows while there is room and both sides agree on their number."""
        x, y = rows.inputs, rows.targets
        self.distinct = rows.distinct
        if self.rows >= MAX_ROWS or x.ndim == 0 or y.ndim == 0 or x.shape[0] != y.shape[0]:
            return
        if x.numel() == 0 or y.numel() == 0 or x.layout != torch.strided or y.layout != torch.strided:
            return
        x, y = real(x), real(y)
        take = min(x.shape[0], MAX_ROWS - self.rows)
        flat = x.detach()[:take].reshape(take, -1)
        flat = flat[:, :: max(1, -(-flat.shape[1] // 1024))].to(torch.float32, copy=True)
        wanted = y.detach()[:take].reshape(take, -1).clone()  # where they are: nothing waits for a device
        if self.inputs and (self.inputs[0].shape[1] != flat.shape[1] or self.targets[0].shape[1] != wanted.shape[1]):
            return
        self.inputs.append(flat)
        self.targets.append(wanted)
        self.rows += take

    def stacked(self) -> tuple[Tensor, Tensor] | None:
        """All pairs, distinct inputs only, rows with non-finite values left out."""
        if not self.inputs:
            return None
        x, y = torch.cat([t.cpu() for t in self.inputs]), torch.cat([t.to("cpu", torch.float64) for t in self.targets])
        good = torch.isfinite(x).all(1) & torch.isfinite(y).all(1)
        x, y = x[good], y[good]
        if not self.distinct:
            return x, y
        seen: dict[bytes, int] = {}
        for i, row in enumerate(x.numpy()):
            seen.setdefault(row.tobytes(), i)
        index = torch.tensor(sorted(seen.values()), dtype=torch.long)
        return x[index], y[index]


def constant_loss(
    kind: str, y: Tensor | None, weight: Tensor | None = None, *, smoothing: float = 0.0, num_classes: int = 0
) -> float | None:
    """Mean loss of the best constant answer: H(frequencies) for classes, the variance for squares, and so on.

    Args:
        kind: Loss kind of `LossFacts`.
        y: Targets, rows × columns.
        weight: Weights of the classes, or w of the positive class, −w y ln p − (1 − y) ln(1 − p), least at
            p = w ȳ / (w ȳ + 1 − ȳ).
        smoothing: Share ε of each class label that is spread over all classes, q = (1 − ε) p + ε/K.
        num_classes: K.
    """
    if y is None or y.numel() == 0:
        return None
    y = y[torch.isfinite(y).all(1)]
    if y.shape[0] < 2:
        return None
    if kind in ("cross_entropy", "nll"):
        flat = y.reshape(-1)
        classes, counts = torch.unique(flat[flat >= 0], return_counts=True)
        shares = counts.double()
        if weight is not None:
            if int(classes.max()) >= weight.numel():
                return None
            shares = shares * weight[classes.long()]
        p = shares / shares.sum()
        if smoothing > 0:
            unseen = p.new_zeros(max(num_classes - p.numel(), 0))
            p = (1 - smoothing) * torch.cat([p, unseen]) + smoothing / (p.numel() + unseen.numel())
        p = p[p > 0]
        return float(-(p * p.log()).sum())
    if kind in ("soft_cross_entropy", "log_likelihood"):
        p = y.mean(0).clamp_min(1e-300)
        return float(-(y.mean(0) * p.log()).sum())
    if kind == "mse":
        return float(y.var(0, correction=0).mean())
    if kind == "l1":
        return float((y - y.median(0).values).abs().mean())
    if kind == "huber":
        r = (y - y.median(0).values).abs()
        return float(torch.where(r < 1, 0.5 * r * r, r - 0.5).mean())
    if kind in ("bce", "bce_with_logits") and bool(((y >= 0) & (y <= 1)).all()):
        share = y.mean(0).clamp(1e-12, 1 - 1e-12)
        w = torch.ones_like(share) if weight is None else weight.expand_as(share)
        p = w * share / (w * share + 1 - share)
        return float(-(w * share * p.log() + (1 - share) * (1 - p).log()).mean())
    return None


def floor_loss(smoothing: float, num_classes: int) -> float:
    """Entropy in nats of a label of which the share ε is spread over all K classes: no answer scores less.

    Example:
        >>> round(floor_loss(0.1, 10), 3), floor_loss(0.0, 10)
        (0.5, 0.0)
    """
    if not smoothing > 0 or num_classes < 2:
        return 0.0
    rest = smoothing / num_classes
    right = 1 - smoothing + rest
    return -right * math.log(right) - (num_classes - 1) * rest * math.log(rest)


def term_value(kind: str, prediction: Tensor | None, target: Tensor | None) -> float | None:
    """Mean value of a standard loss on kept prediction and target; tells scalings of the loss apart."""
    if prediction is None or target is None or prediction.shape != target.shape:
        return None
    p, y = prediction.detach().double(), target.detach().double()
    value = {
        "mse": lambda: (p - y).square().mean(),
        "l1": lambda: (p - y).abs().mean(),
        "bce_with_logits": lambda: (p.clamp_min(0) - p * y + torch.log1p(torch.exp(-p.abs()))).mean(),
    }.get(kind)
    if value is None:
        return None
    result = float(value())
    return result if math.isfinite(result) else None
