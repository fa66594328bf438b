"""One training as it is being watched: its losses, readings, data and modes, gathered into a `Training`."""

import dataclasses
import math
import weakref
from collections import deque
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim.optimizer import Optimizer

from rhobar.record import (
    Evaluation,
    LossFacts,
    ModeFacts,
    Nonfinite,
    OptimizerFacts,
    Reading,
    ReplicaFacts,
    StructureFacts,
    Training,
)
from rhobar.watch.clearing import Clearing, HandClearing
from rhobar.watch.data import InputStatistics, Pairs, TargetStatistics, constant_loss, floor_loss
from rhobar.watch.exam_state import KeptBatch, Lent
from rhobar.watch.forwards import first_tensor
from rhobar.watch.moments import Sheet
from rhobar.watch.naming import Names
from rhobar.watch.parameters import Histories, Parameters
from rhobar.watch.replicas import Replica
from rhobar.watch.row_losses import RowLosses
from rhobar.watch.rows import RowPrints
from rhobar.watch.scaling import LossScale, ScalingHistory
from rhobar.watch.schedule import Clock, Schedule
from rhobar.watch.sentinel import Sentinel
from rhobar.watch.settings import optimizer_facts
from rhobar.watch.split_rows import SplitRows
from rhobar.watch.updates import Updates

__all__ = ["PAIRED_BY", "Tracker", "acts_by_mode"]

MAX_READINGS = 160
ENOUGH = 512
"""Pairs of inputs and targets, for probes whose scores then have a standard error of at most 1/(2√512) = 0.02."""
FIRST_KEPT = 4
"""Batches that are kept from the first steps on."""
PAIRED_BY = 64
"""Backward passes within which the first pair of inputs and targets must be seen."""
MAX_KEPT = 1 << 20
"""Elements of batches kept for the exam (4 MB)."""
KEEP_SPACING = 1.1
"""Smallest growth of the step count between kept batches; the last six then lie in the later half of a training."""


class Tracker:
    """Everything gathered about one loss and one set of parameters."""

    def __init__(self, clock: Clock, names: Names, histories: Histories | None = None) -> None:
        self.schedule = Schedule(clock)
        self._names = names
        self.parameters = Parameters(names, histories)
        self.models: dict[int, weakref.ref[nn.Module]] = {}
        self.reached: set[int] = set()
        self.losses: list[float] = []
        self.pending_losses: list[tuple[int, Tensor]] = []
        self.scale = 1.0
        self.rates: list[float] = []
        self.phases: list[int] = []
        self.steps = 0
        self.moved_by_hand = 0
        self.by_hand = HandClearing()
        self.optimizers: dict[int, tuple[weakref.ref[Optimizer], Clearing]] = {}
        self.optimizer: OptimizerFacts | None = None
        self.readings: list[Reading] = []
        self.updates = Updates(self.parameters)
        self.sink: Callable[[Reading], None] | None = None
        """Where finished readings go besides."""
        self.sheet = Sheet()
        self.clipped: deque[bool] = deque(maxlen=MAX_READINGS)
        self.loss: LossFacts | None = None
        self.class_weight: Tensor | None = None
        self.structure = StructureFacts()
        self.hand_written: set[str] = set()
        self.inputs: InputStatistics | None = None
        self.targets = TargetStatistics()
        self.pairs = Pairs()
        self.rows = RowPrints()
        self.splits = SplitRows()
        self.row_losses = RowLosses()
        self.rows_seen = 0
        self.batch_sizes: set[int] = set()
        self.evaluations: list[Evaluation] = []
        self.forwards_per_backward: int | None = None
        self.modes = ModeFacts()
        self._mode_steps = self._eval_steps = 0
        self.refused = False
        self.nonfinite: Nonfinite | None = None
        self.sentinel = Sentinel()
        self._recent: KeptBatch | None = None
        self._lent: Lent | None = None
        self.loss_scale: LossScale | None = None
        """Factor that a scaler put on the latest loss."""
        self.scaling = ScalingHistory()
        self.replica: Replica | None = None
        self.replicas: ReplicaFacts | None = None
        self.shards: Any = None
        """What ranks that share a sharded model tell each other."""
        self.outputs_range: tuple[float, float] | None = None
        self.alive: list[Any] = []
        """Small models and optimizers are held until the watcher stops, so that they can be examined."""
        self.kept: deque[KeptBatch] = deque(maxlen=24)
        self._kept_at = 0
        self.current: Any = None
        self._norm_batches: list[int] = []
        self._entrance: weakref.ref[Tensor] | None = None

    @property
    def step(self) -> int:
        """Backward passes so far."""
        return len(self.losses)

    def see_loss(self, loss: Tensor) -> float:
        """Note the value of a loss; on an accelerator it is read later, so that nothing waits for it."""
        if not loss.is_cpu:
            self.pending_losses.append((len(self.losses), loss.detach().clone()))
            self.losses.append(math.nan)
            if len(self.pending_losses) >= 64:
                self.settle_losses()
            return 0.0
        value = float(loss.detach().float().mean()) if loss.numel() > 1 else float(loss.item())
        self.losses.append(value / self.scale)
        return value

    @property
    def cleared(self) -> bool:
        """Whether every optimizer's gradients were seen to be cleared since its last step."""
        return all(clearing.cleared for _, clearing in self.optimizers.values())

    @property
    def recent(self) -> KeptBatch | None:
        """The batch of the latest loss, not copied."""
        if self._recent is None and self._lent is not None:
            self._recent = KeptBatch.of_parts(*self._lent)
        return self._recent

    @recent.setter
    def recent(self, batch: KeptBatch | None) -> None:
        self._recent, self._lent = batch, None

    def enters(self, weight: Tensor, x: Tensor) -> bool:
        """Whether data enter the network here: the first map without history, not a recurrent net's zero state."""
        if self._entrance is None and (id(weight) not in self._names.recurrent or bool(x.any())):
            self._entrance = weakref.ref(weight)
        return self._entrance is not None and self._entrance() is weight

    @property
    def watchful(self) -> bool:
        """Whether a non-finite gradient would be news, and no scaler is there to expect it."""
        return self.nonfinite is None and self.loss_scale is None

    def wants_more(self) -> bool:
        """Whether something is still to be taken from every batch that comes: copies, pairs or fingerprints of rows."""
        early = self.step < PAIRED_BY
        pairs = self.wants_pairs() and (self.pairs.rows > 0 or early)
        return pairs or not self.rows.complete or (early and len(self.kept) < FIRST_KEPT)

    def wants_batch(self) -> bool:
        """Whether a batch should be kept for the exam: the first four, then those of readings, at growing distances."""
        if len(self.kept) >= FIRST_KEPT:
            if self.schedule.latest != self.step or self.step < KEEP_SPACING * self._kept_at:
                return False
            if sum(batch.size for batch in self.kept) >= MAX_KEPT:
                return False
        self._kept_at = self.step
        return True

    def wants_pairs(self) -> bool:
        """Whether more pairs of inputs and targets are wanted.

        After an evaluation the same rows may come again, changed by augmentation: no probe may learn from one of them
        and be asked for the other.
        """
        return not self.pairs.full and not (self.evaluations and self.pairs.rows >= ENOUGH)

    def trains(self, model: nn.Module) -> bool:
        """Whether `model` is one of this training's."""
        known = self.models.get(id(model))
        return known is not None and known() is model

    def rescale(self, scale: float) -> None:
        """Losses are kept without the factors of gradient accumulation or loss scaling."""
        if scale > 0 and math.isfinite(scale) and abs(scale / self.scale - 1) > 0.01:
            if self.losses:
                self.losses[-1] *= self.scale / scale
            self.scale = scale

    def note_clipping(self, norm: float, applied: float) -> None:
        """Whether the gradient shrank between the backward pass and the step."""
        self.clipped.append(applied < 0.99 * norm)
        if (opened := self.updates.latest) is not None:
            opened.reading = dataclasses.replace(opened.reading, applied_norm=applied)

    def note_norm_batch(self, count: int | None) -> None:
        """Values per channel of the smallest train-mode batch norm: the median over readings is reported."""
        if count is not None:
            self._norm_batches.append(count)
            middle = sorted(self._norm_batches)[len(self._norm_batches) // 2]
            self.modes = dataclasses.replace(self.modes, smallest_norm_batch=middle)

    def skip(self, *, count: bool) -> bool:
        """A scaler dropped the gradients: an overflow of s·∇L, unless s is below 1.

        Args:
            count: Whether this is the optimizer whose steps are counted.

        Returns:
            Whether the gradients themselves are to blame, and nobody has said so yet.
        """
        scale = self.loss_scale.value if self.loss_scale is not None else 1.0
        self.scaling.see(scale)
        self.scaling.skipped += count
        self.keep_readings(self.updates.skip())
        first = self.nonfinite
        if scale >= 1 and first is not None and first.phase == "backward" and first.step == self.step - 1:
            self.nonfinite = None
        return scale < 1 and first is None

    def layer_name(self, weight: Tensor) -> str:
        """The layer that owns a weight."""
        return self._names.layer(weight)

    @property
    def settled_losses(self) -> int:
        """How many losses have come; those still on the device have not. Any thread may ask."""
        count, waiting = len(self.losses), self.pending_losses[:1]
        return min(count, waiting[0][0]) if waiting else count

    def settle_losses(self) -> None:
        """Fetch the losses that are still on the device, in one transfer."""
        if self.pending_losses:
            values = torch.stack([t.float().mean() for _, t in self.pending_losses]).tolist()
            for (i, _), value in zip(self.pending_losses, values, strict=True):
                self.losses[i] = value / self.scale
            self.pending_losses.clear()

    def see_model(self, model: nn.Module, *, training: bool) -> None:
        """Note a model of this training and the mode it ran in."""
        if id(model) not in self.models or self.models[id(model)]() is not model:
            self.models[id(model)] = weakref.ref(model)
            self.modes = _modes(self.modes, model)
        self._mode_steps += 1
        self._eval_steps += not training

    def see_quiet(self, model: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any], parts: Lent) -> None:
        """Note the pass that made a loss, where nothing about it is new, and the batch that lies in parts."""
        self._mode_steps += 1
        if not model.training:
            self._eval_steps += 1
        x = args[0] if len(args) == 1 and type(args[0]) is Tensor else first_tensor(args, kwargs)
        rows = x.shape[0] if x is not None and x.ndim else 1
        self.rows_seen += rows
        if rows not in self.batch_sizes:
            self.batch_sizes.add(rows)
        self._recent, self._lent, self.current = None, parts, None

    def see_dropout(self, p: float) -> None:
        """Note the rate of a dropout that was active."""
        if p > self.modes.max_dropout:
            self.modes = dataclasses.replace(self.modes, max_dropout=p, has_dropout=True)

    def settle_update(self, *, at_once: bool = False) -> None:
        """Complete the readings that wait with the change of the weights since they were taken."""
        closed, moved = self.updates.settle(at_once=at_once)
        if moved and self.optimizer is None:
            self.moved_by_hand += 1
        self.keep_readings(closed)

    def keep_readings(self, closed: list[Reading]) -> None:
        """Keep readings that are complete."""
        for reading in closed:
            self.readings.append(reading)
            if self.sink is not None:
                self.sink(reading)
            self._thin()

    def _thin(self) -> None:
        """Keep the first and the latest readings and every other one between, in constant memory."""
        if len(self.readings) > MAX_READINGS:
            head, middle, tail = self.readings[:32], self.readings[32:-32], self.readings[-32:]
            # Pairs of neighbours stay together: their angle needs both, and is stored in the second.
            self.readings = head + middle[1::2] + tail

    def _optimizer_facts(self) -> OptimizerFacts | None:
        """Settings at the last step: as they stand, but with the rate that was used."""
        if self.optimizer is None:
            return None
        optimizer = next((o for ref, _ in self.optimizers.values() if (o := ref()) is not None), None)
        facts = self.optimizer if optimizer is None else optimizer_facts(optimizer, self.steps)
        settings = {**facts.settings, "lr": self.rates[-1]} if "lr" in facts.settings else facts.settings
        return dataclasses.replace(facts, settings=settings, num_steps=self.steps)

    def result(self, name: str) -> Training:
        """Everything as plain data."""
        self.settle_losses()
        self.rows.settle()
        self.settle_update(at_once=True)
        kind = self.loss.kind if self.loss else "custom"
        constant, floor = None, 0.0
        known = self.loss is not None and (not self.loss.weighted or self.class_weight is not None)
        if known and self.loss is not None and self.loss.num_terms == 1:
            classes = self.loss.output_shape[1] if len(self.loss.output_shape) > 1 else 0
            smooth = self.loss.smoothing if kind == "cross_entropy" else 0.0
            constant = constant_loss(
                kind, self.targets.sample(), self.class_weight, smoothing=smooth, num_classes=classes
            )
            floor = floor_loss(smooth, classes)
        by_hand = self.optimizer is None and self.moved_by_hand > 0
        bare = self.optimizer is None and not self.models  # a program of tensors alone
        steps = self.step if by_hand else self.steps - self.scaling.settle()
        tried = steps + self.scaling.skipped
        structure = dataclasses.replace(self.structure, hand_written=tuple(sorted(self.hand_written)))
        return Training(
            name=name,
            losses=list(self.losses),
            rates=list(self.rates),
            phases=tuple(self.phases),
            num_steps=steps,
            backwards_per_step=self.step / tried if tried else 1.0,
            uncleared_steps=self.by_hand.uncleared_steps
            if by_hand
            else max((c.uncleared_steps for _, c in self.optimizers.values()), default=0),
            clipped=sum(self.clipped) / len(self.clipped) if self.clipped else 0.0,
            batch_sizes=tuple(sorted(self.batch_sizes))[:32],
            num_rows_seen=self.rows_seen,
            num_rows_distinct=self.rows.distinct,
            epoch_length=self.rows.epoch_length,
            repeated_rows=self.rows.repeated,
            coincidence=self.rows.coincidence,
            loss=self.loss,
            inputs=self.inputs.facts() if self.inputs else None,
            targets=self.targets.facts(constant, floor),
            optimizer=self._optimizer_facts(),
            parameters=tuple(t.facts() for t in self.parameters.tracked.values() if t.belongs or by_hand or bare),
            readings=list(self.readings),
            evaluations=list(self.evaluations),
            modes=dataclasses.replace(self.modes, steps=self._mode_steps, eval_steps=self._eval_steps),
            structure=structure,
            nonfinite=self.nonfinite,
            scaling=self.scaling.facts(),
            replicas=self.replicas,
        )


def acts_by_mode(model: nn.Module) -> bool:
    """Whether it holds dropout or a batch normalisation with running statistics."""
    modes = _modes(ModeFacts(), model)
    return modes.has_dropout or modes.has_batch_norm


def _modes(modes: ModeFacts, model: nn.Module) -> ModeFacts:
    """Add what `model` contains."""
    dropout, norm = modes.max_dropout, modes.has_batch_norm
    for module in model.modules():
        if isinstance(module, nn.modules.dropout._DropoutNd):
            dropout = max(dropout, module.p)
        elif isinstance(module, nn.modules.batchnorm._BatchNorm):
            norm = norm or module.track_running_stats
        elif isinstance(module, nn.RNNBase | nn.MultiheadAttention):
            dropout = max(dropout, float(getattr(module, "dropout", 0.0) or 0.0))
    return dataclasses.replace(modes, max_dropout=dropout, has_dropout=dropout > 0, has_batch_norm=norm)
