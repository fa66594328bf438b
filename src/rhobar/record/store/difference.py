"""Where two runs part: what they were given that differs, and the first step and layer at which they read differently.

A reading is a sample: n of a tensor's N elements. Two readings differ when their distance is beyond what sampling and
rounding explain,

    |a − b| > Z·√(s_a² + s_b²) + EPSILON·max(|a|, |b|),

with the standard errors of the two readings (`Moments.stderr`). A tensor that was read whole has no sampling
error. Elements lie at the same places in both runs, so tensors that are equal give readings that are equal; where a
run that is deterministic first parts at all is the first step whose losses are not the same number.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from rhobar.record.reading import LayerReading, Moments, Reading
from rhobar.record.serialise import to_plain
from rhobar.record.store.rows import TENSORS
from rhobar.record.store.run import Run
from rhobar.record.training import Training

__all__ = ["Change", "Difference", "Parting", "TrainingDifference", "difference"]

Z = 5.0
"""Standard errors: with normal errors of independent samples, 6·10⁻⁷ a comparison."""
EPSILON = 1e-5
"""Relative rounding of float32 sums that were added in another order."""


@dataclass(frozen=True)
class Change:
    """A fact that is not the same in both runs; None where a run does not have it."""

    name: str
    first: Any
    second: Any


@dataclass(frozen=True)
class Parting:
    """The first reading that differs.

    Attributes:
        step: Backward pass.
        layer: The layer, or empty for the loss.
        tensor: ``weight``, ``input``, ``preactivation``, ``output``, ``gradient`` or ``loss``.
        quantity: ``rms``, ``mean``, ``zero``, ``nonfinite``, ``value``, or ``presence``.
        first: What the first run read.
        second: What the second run read.
        stderr: Sampling error of their difference.
    """

    step: int
    layer: str
    tensor: str
    quantity: str
    first: float
    second: float
    stderr: float


@dataclass(frozen=True)
class TrainingDifference:
    """How one training went in both runs.

    Attributes:
        name: The training.
        loss_step: First step with another loss, None if all steps that both have agree to the last bit.
        losses: The two losses of that step.
        parting: First reading of a step and layer that both have which differs beyond its error.
        readings: Steps that were read in both.
        final: Last loss of each.
    """

    name: str
    loss_step: int | None
    losses: tuple[float, float] | None
    parting: Parting | None
    readings: int
    final: tuple[float, float]


@dataclass(frozen=True)
class Difference:
    """What is different between two runs.

    Attributes:
        settings: Optimizer, loss, budget and state.
        environment: Versions and device.
        findings: Findings of one run only, with their kind; None if not both runs have a diagnosis.
        trainings: The trainings, paired in their order.
        unpaired: Names of trainings of one run only.
    """

    settings: tuple[Change, ...]
    environment: tuple[Change, ...]
    findings: tuple[Change, ...] | None
    trainings: tuple[TrainingDifference, ...]
    unpaired: tuple[str, ...]


def difference(a: Run, b: Run) -> Difference:
    """Compare two runs.

    Example:
        >>> import tempfile, torch, rhobar as rb
        >>> def run(rate):
        ...     torch.manual_seed(0)
        ...     model, folder = torch.nn.Linear(3, 1), tempfile.mkdtemp()
        ...     optimizer = torch.optim.SGD(model.parameters(), lr=rate)
        ...     with rb.watch(model, optimizer, out=folder):
        ...         for _ in range(3):
        ...             optimizer.zero_grad()
        ...             torch.nn.functional.mse_loss(model(torch.ones(8, 3)), torch.ones(8, 1)).backward()
        ...             optimizer.step()
        ...     return Run(folder)
        >>> found = difference(run(0.1), run(0.01))
        >>> found.settings
        (Change(name='optimizer of Linear: lr', first=0.1, second=0.01),)
        >>> found.trainings[0].loss_step, found.trainings[0].parting.tensor
        (1, 'weight')
    """
    one, other = a.facts, b.facts
    first, second = a.trainings, b.trainings
    settings = list(_changes("", *({k: f.get(k) for k in ("name", "budget")} for f in (one, other))))
    for x, y in zip(first, second, strict=False):
        settings += _training_changes(x, y)
    judged = [run.diagnosis for run in (a, b)]
    found = [{f.id: f.kind for f in diagnosis.findings} for diagnosis in judged if diagnosis is not None]
    paired = min(len(first), len(second))
    return Difference(
        tuple(settings),
        tuple(_changes("", a.environment, b.environment)),
        tuple(_changes("", *found)) if len(found) == 2 else None,
        tuple(_compare(x, y) for x, y in zip(first, second, strict=False)),
        tuple(t.name for t in first[paired:] + second[paired:]),
    )


def _changes(prefix: str, a: Mapping[str, Any], b: Mapping[str, Any]) -> Iterator[Change]:
    for key in dict.fromkeys([*a, *b]):
        one, other = a.get(key), b.get(key)
        if one != other and not (one != one and other != other):
            yield Change(prefix + str(key), one, other)


def _training_changes(a: Training, b: Training) -> Iterator[Change]:
    """Optimizer and loss as they were set."""
    prefix = f" of {a.name}: "
    kinds = [{"kind": t.optimizer.kind, **t.optimizer.settings} if t.optimizer else {} for t in (a, b)]
    yield from _changes(f"optimizer{prefix}", *kinds)
    losses = [
        {k: to_plain(getattr(t.loss, k)) for k in ("kind", "reduction", "weighted")} if t.loss else {} for t in (a, b)
    ]
    yield from _changes(f"loss{prefix}", *losses)


def _compare(a: Training, b: Training) -> TrainingDifference:
    step = next((i for i, (x, y) in enumerate(zip(a.losses, b.losses, strict=False)) if not _same(x, y)), None)
    read = {reading.step: reading for reading in b.readings}
    both = [(reading, read[reading.step]) for reading in a.readings if reading.step in read]
    return TrainingDifference(
        a.name,
        step,
        None if step is None else (a.losses[step], b.losses[step]),
        next((parting for x, y in both if (parting := _parting(x, y)) is not None), None),
        len(both),
        (a.losses[-1] if a.losses else math.nan, b.losses[-1] if b.losses else math.nan),
    )


def _same(x: float, y: float) -> bool:
    return x == y or (math.isnan(x) and math.isnan(y))


def _parting(a: Reading, b: Reading) -> Parting | None:
    """The first difference of a step in the order in which it is computed: forward, the loss, and backward."""
    pairs = list(zip(a.layers, b.layers, strict=False))
    for one, other in pairs:
        for tensor in TENSORS[:-1]:
            if (found := _tensor(a.step, one, other, tensor)) is not None:
                return found
    if not _close(a.loss, b.loss, 0.0):
        return Parting(a.step, "", "loss", "value", a.loss, b.loss, 0.0)
    backward = (_tensor(a.step, one, other, TENSORS[-1]) for one, other in reversed(pairs))
    return next((found for found in backward if found is not None), None)


def _tensor(step: int, a: LayerReading, b: LayerReading, tensor: str) -> Parting | None:
    one: Moments | None = getattr(a, tensor)
    other: Moments | None = getattr(b, tensor)
    if one is None or other is None or a.name != b.name:
        if (one is None) != (other is None) or a.name != b.name:
            return Parting(step, a.name, tensor, "presence", float(one is not None), float(other is not None), 0.0)
        return None
    for quantity in ("nonfinite", "rms", "mean", "zero"):
        x, y = getattr(one, quantity), getattr(other, quantity)
        stderr = math.hypot(one.stderr(quantity), other.stderr(quantity))
        # A mean near 0 is rounded at the size of what it averages.
        size = max(one.rms, other.rms) if quantity == "mean" else 0.0
        if not _close(x, y, Z * stderr + EPSILON * size):
            return Parting(step, a.name, tensor, quantity, x, y, stderr)
    return None


def _close(x: float, y: float, allowed: float) -> bool:
    if _same(x, y) or not (math.isfinite(x) and math.isfinite(y)):
        return _same(x, y)
    return abs(x - y) <= allowed + EPSILON * max(abs(x), abs(y))
