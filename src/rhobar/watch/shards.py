"""Sharded models (`fully_shard`, FSDP2): each rank reads its own part, and sizes of the whole are put together later.

Outside their layer's own pass such weights have no memory, so the graph of a loss is not read. What stays are the parts
that optimizers hold, DTensors, and of a parameter x of n elements, n_r of them on rank r,

    rms(x)² = Σ_r n_r·rms_r² / n        ‖g‖² = Σ over parameters of n·rms(g)²

over the ranks of the mesh; where a part stands on several ranks, all count alike. Each rank leaves its n_r and rms_r in
the store that torch.distributed keeps anyway, and the sums are taken when the watch ends: no collective operation, and
nobody waits. Until then a reading holds rms_r, an estimate of rms(x).
"""

import dataclasses
import json
import math
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from torch import Tensor, nn

from rhobar.record import LossFacts, Nonfinite, Reading
from rhobar.watch.moments import local
from rhobar.watch.scaling import LossScale, unscaled
from rhobar.watch.tracker import Tracker
from rhobar.watch.updates import OpenReading

if TYPE_CHECKING:
    from rhobar.watch.observer import Observer

__all__ = ["ShardedReading", "Shards", "combined", "is_sharded", "shards_of"]

MOST_NOTES = 512
"""Readings whose parts go into the store, which one rank holds in memory; later ones stay this rank's estimate."""


class Part(NamedTuple):
    """A parameter on one rank: its name, how many elements lie there, their root mean square and their gradient's."""

    name: str
    size: int
    weight: float
    gradient: float | None


def is_sharded(model: nn.Module) -> bool:
    """Whether `fully_shard` has spread weights of the model over ranks."""
    return any(hasattr(module, "_get_fsdp_state") for module in model.modules())


def shards_of(model: nn.Module) -> list[Tensor]:
    """The parameters as optimizers hold them, also while a layer has its own gathered.

    Args:
        model: One to which `fully_shard` was applied, or whose parts it was.
    """
    found: dict[int, Tensor] = {}
    for module in model.modules():
        state = module._get_fsdp_state() if hasattr(module, "_get_fsdp_state") else None  # type: ignore[operator]
        groups = getattr(state, "_fsdp_param_groups", None) or [getattr(state, "_fsdp_param_group", None)]
        for own in [p for group in groups if group is not None for p in group.fsdp_params]:
            found[id(own.sharded_param)] = own.sharded_param
    return list(found.values())


@dataclass
class Shards:
    """This rank's notes of one training.

    Attributes:
        key: Where they lie in the store, the same on every rank.
        ranks: All that hold a part.
        rank: This one.
        store: Of torch.distributed.
    """

    key: str
    ranks: list[int]
    rank: int
    store: Any
    steps: list[int] = field(default_factory=list)

    @classmethod
    def of(cls, parameters: list[Tensor], name: str) -> "Shards | None":
        """For the mesh that holds the parameters; ``None`` if there is none, or only one rank."""
        mesh = next((p.device_mesh for p in parameters if hasattr(p, "device_mesh")), None)
        ranks = [] if mesh is None else sorted(set(mesh.mesh.flatten().tolist()))
        if len(ranks) < 2:
            return None
        store = torch.distributed.distributed_c10d._get_default_store()
        return cls(f"{name}/shards", ranks, torch.distributed.get_rank(), store)

    def post(self, reading: Reading, sizes: list[int]) -> None:
        """Leave what this rank read for the others."""
        if len(self.steps) >= MOST_NOTES:
            return
        note = [Part(p.name, n, p.weight, p.gradient) for p, n in zip(reading.parameters, sizes, strict=True)]
        self.store.set(f"{self.key}/{reading.step}/{self.rank}", json.dumps(note))
        self.steps.append(reading.step)

    def whole(self, readings: list[Reading], *, patience: float = 0.0) -> list[Reading]:
        """The readings with the sizes of whole parameters; as they are where a rank left no note in time."""
        deadline, found = time.monotonic() + patience, dict[int, list[list[Part]]]()
        for step in self.steps:
            keys = [f"{self.key}/{step}/{rank}" for rank in self.ranks]
            while not (there := self.store.check(keys)) and time.monotonic() < deadline:
                time.sleep(0.01)
            if there:
                found[step] = [[Part(*part) for part in json.loads(self.store.get(key))] for key in keys]
        return [combined(r, found[r.step]) if r.step in found else r for r in readings]


def combined(reading: Reading, notes: list[list[Part]]) -> Reading:
    """One reading with the sizes of whole parameters.

    Args:
        reading: As one rank took it.
        notes: The parts on all ranks, parameter by parameter in the order of the reading.
    """
    names = [p.name for p in reading.parameters]
    if any([part.name for part in note] != names for note in notes):
        return reading
    parameters, square, any_gradient = [], 0.0, False
    for parameter, parts in zip(reading.parameters, zip(*notes, strict=True), strict=True):
        weight = _rms([(part.size, part.weight) for part in parts])
        gradients = [(part.size, part.gradient) for part in parts if part.gradient is not None]
        gradient = _rms(gradients) if len(gradients) == len(parts) else None
        if gradient is not None:
            any_gradient, square = True, square + parameter.size * gradient * gradient
        parameters.append(dataclasses.replace(parameter, weight=weight, gradient=gradient))
    norm, applied, before = math.sqrt(square) if any_gradient else None, reading.applied_norm, reading.gradient_norm
    if norm is not None and applied is not None and before:
        applied *= norm / before  # clipping multiplies all of it
    return dataclasses.replace(reading, parameters=tuple(parameters), gradient_norm=norm, applied_norm=applied)


def _rms(parts: list[tuple[int, float]]) -> float:
    total = sum(n for n, _ in parts)
    return math.sqrt(sum(n * rms * rms for n, rms in parts) / total) if total else 0.0


class ShardedReading:
    """The stages of a dense reading, of this rank's part alone; see `StepReading`.

    Args:
        observer: Who reads.
        loss: What is about to be differentiated.
        tracker: Its training.
        scale: A factor that a scaler has put on `loss`.
    """

    graph = None

    def __init__(self, observer: "Observer", loss: Tensor, tracker: Tracker, scale: LossScale | None) -> None:
        self.tracker, self.scale = tracker, scale
        self._loss = loss
        self._call = next((c for f in reversed(observer.passes.pending) for c in reversed(f.calls)), None)
        observer.guard.note(
            "layers of sharded models", "outside its layer's pass a weight spread by fully_shard has no memory to read"
        )
        if tracker.shards is None:
            name = observer.replicas.name(observer.trackers.index(tracker))
            tracker.shards = Shards.of([p for _, p in tracker.parameters.live()], name)

    def handmade(self) -> None:
        """A loss that was spelled out by hand is not recognised without its graph."""

    def begin(self, tracker: Tracker) -> None:
        """Before the backward pass: the loss and its targets."""
        tracker.settle_update()
        step, factor = tracker.step - 1, self.scale.value if self.scale is not None else 1.0
        value = float(self._loss.detach().float().mean()) / factor
        if not math.isfinite(value) and tracker.nonfinite is None:
            tracker.nonfinite = Nonfinite(step, "loss", "loss", "loss", born=False, detail="a sharded model's")
        if self._call is not None and isinstance(self._call[1].target, Tensor):
            kind, call = self._call
            if tracker.loss is None:
                output = tuple(call.input.shape) if isinstance(call.input, Tensor) else ()
                tracker.loss = LossFacts(kind=kind, output_shape=output, target_shape=tuple(call.target.shape))
            if call.target.ndim and call.target.numel():
                tracker.targets.add(call.target, step)
        self._loss = self._call = None  # type: ignore[assignment]

    def end(self, tracker: Tracker) -> None:
        """After the backward pass: parameters and their gradients."""
        parameters, weights, gradient, norm = tracker.parameters.read(reached=True)
        value = tracker.losses[-1] if tracker.losses else math.nan
        reading = Reading(
            step=tracker.step - 1, loss=value, layers=(), parameters=tuple(parameters), gradient_norm=norm
        )
        if tracker.loss_scale is not None:
            scale = tracker.loss_scale.value
            tracker.scaling.see(scale)
            reading, gradient = unscaled(reading, scale), gradient / scale
        if tracker.shards is not None:
            tracker.shards.post(reading, [local(p).numel() for _, p in tracker.parameters.live()])
        tracker.keep_readings(tracker.updates.add(OpenReading(reading, weights, gradient)))
        tracker.updates.stepped = tracker.parameters.captured

    def drop(self) -> None:
        """Nothing is held."""
