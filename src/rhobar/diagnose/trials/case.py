"""A case: everything it takes to run the first steps of a training again, with each part open to change."""

import copy
import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim.optimizer import Optimizer

from rhobar.diagnose.trials.rewriting import Call, Rewriting, Tracing, find_output
from rhobar.record import Training
from rhobar.watch.exam_state import KeptBatch, copy_of
from rhobar.watch.start import GroupStart, Start
from rhobar.watch.tracker import Tracker

__all__ = ["Case", "Loop", "NotReplayable"]


class NotReplayable(Exception):
    """Why the first steps cannot be run again."""


@dataclass(frozen=True)
class Loop:
    """What the program does between a batch and the next one.

    Attributes:
        clear: Whether gradients are cleared before each step's first backward pass.
        per_step: Backward passes per step.
        scale: Factor on the loss (1/k in gradient accumulation).
        clip: Largest gradient norm; ``None`` for no clipping.
        rates: Learning rate of the first group at each step, relative to the first step.
        shuffled: Whether batches are made anew of all rows that were kept.
    """

    clear: bool = True
    per_step: int = 1
    scale: float = 1.0
    clip: float | None = None
    rates: tuple[float, ...] = ()
    shuffled: bool = False


@dataclass
class Case:
    """One training's beginning. A remedy changes its fields; its own are never shared with another case's.

    Attributes:
        model: The network with its first weights.
        batches: The first batches, in order.
        judged: Batches that the outcome is measured on.
        held_out: Whether those are other rows than the training's, which must never be trained on.
        template: The program's optimizer.
        groups: Its parameter groups before the first step.
        loop: The loop's habits.
        training: What was seen of the training.
        front: What each batch's input passes before the model.
        replacements: Functions called in place of others in the forward pass, by name.
        targets: What the targets pass before the loss is computed in training.
        restore: What the prediction passes before it is judged, to be in the targets' own units.
        criterion: The loss that is trained in place of the program's own.
    """

    model: nn.Module
    batches: list[KeptBatch]
    judged: list[KeptBatch]
    template: Optimizer
    groups: list[GroupStart]
    loop: Loop
    training: Training
    front: Callable[[Tensor], Tensor] | None = None
    replacements: dict[str, Callable[..., Any]] = field(default_factory=dict)
    targets: Callable[[Tensor], Tensor] | None = None
    restore: Callable[[Tensor], Tensor] | None = None
    criterion: Callable[[Tensor, Tensor], Tensor] | None = None
    held_out: bool = False

    @classmethod
    def watched(cls, start: Start, tracker: Tracker, training: Training) -> "Case":
        """Build the unchanged case of a training that was watched.

        Raises:
            NotReplayable: If too little is known of the beginning.
        """
        model = next((m for ref in tracker.models.values() if (m := ref()) is not None), None)
        if model is not None and len(tracker.models) != 1:
            raise NotReplayable("several models took part in one loss")
        return cls.of(start, model, training, judged=list(tracker.kept)[4:] or list(tracker.kept), scale=tracker.scale)

    @classmethod
    def of(
        cls, start: Start, model: nn.Module | None, training: Training, *, judged: list[KeptBatch], scale: float = 1.0
    ) -> "Case":
        """Build the unchanged case.

        Args:
            start: How it began.
            model: The network, as it is now.
            training: What was seen of the training.
            judged: Batches that outcomes are measured on.
            scale: Factor on the loss before the backward pass.

        Raises:
            NotReplayable: If too little is known of the beginning.
        """
        if start.reason:
            raise NotReplayable(start.reason)
        if model is None or start.optimizer is None or not start.batches:
            raise NotReplayable("no model, no optimizer step or no batch was kept")
        if "LBFGS" in type(start.optimizer).__name__:
            raise NotReplayable("LBFGS evaluates its loss several times a step")
        if training.loss is not None and training.loss.num_terms > 1:
            raise NotReplayable("the loss has several terms, of which one alone was kept")
        twin = _at_start(model, start)
        if training.modes.steps and training.modes.eval_steps * 2 > training.modes.steps:
            twin.eval()
        loop = _loop(training, scale)
        judged = judged or start.batches[:4]
        return cls(twin, list(start.batches), judged, start.optimizer, list(start.groups), loop, training)

    def clone(self) -> "Case":
        """An independent copy."""
        return dataclasses.replace(
            self, model=copy.deepcopy(self.model), groups=list(self.groups), replacements=dict(self.replacements)
        )

    def predict(self, batch: KeptBatch) -> Tensor:
        """The prediction in the units that the loss is trained in."""
        if self.front is not None:
            batch = with_input(batch, self.front)
        if not self.replacements:
            return batch.predict(self.model)
        with Rewriting(self.replacements):
            return batch.predict(self.model)

    def loss(self, batch: KeptBatch) -> Tensor:
        """The loss that is trained."""
        if batch.loss_place is not None:
            return self.own_loss(batch)
        prediction = self.predict(batch)
        target = batch.call.target if batch.call is not None else None
        if self.criterion is not None and isinstance(target, Tensor):
            return self.criterion(prediction, target)
        if self.targets is not None and isinstance(target, Tensor):
            batch = with_target(batch, self.targets(target))
        return batch.judge(prediction)

    def own_loss(self, batch: KeptBatch) -> Tensor:
        """The program's own loss, in its own units, whatever is trained."""
        if batch.loss_place is not None:
            if self.front is not None:
                batch = with_input(batch, self.front)
            with Rewriting(self.replacements):
                return batch.loss(self.model)
        prediction = self.predict(batch)
        prediction = prediction if self.restore is None else self.restore(prediction)
        target = batch.call.target if batch.call is not None else None
        if isinstance(target, Tensor) and target.is_floating_point() and target.numel() == prediction.numel():
            batch = with_target(batch, target.reshape(prediction.shape))  # not broadcast, whatever is trained
        return batch.judge(prediction)

    def output_call(self) -> Call | None:
        """The activation whose result is the prediction, if there is one."""
        batch = self.batches[0]
        if batch.place is None:
            return None
        with torch.no_grad(), Tracing() as tracing:
            prediction = batch.predict(self.model)
        return find_output(tracing.calls, prediction)

    def rewrite(self, name: str, replacement: Callable[..., Any]) -> None:
        """Call `replacement(index, function, *args, **kwargs)` in place of the functions of this name."""
        self.replacements[name] = replacement

    def scale_rate(self, factor: float) -> float | None:
        """Multiply every group's rate; returns the first one, or `None` if there is none."""
        self.change_groups(lambda settings: {"lr": settings["lr"] * factor} if "lr" in settings else {})
        return next((float(g.settings["lr"]) for g in self.groups if "lr" in g.settings), None)

    def change_groups(self, change: Callable[[dict[str, Any]], Mapping[str, Any]]) -> None:
        """Replace settings of all parameter groups by what `change` makes of them."""
        self.groups = [GroupStart({**g.settings, **change(g.settings)}, g.names) for g in self.groups]


def _at_start(model: nn.Module, start: Start) -> nn.Module:
    """A copy with the weights, flags and modes of the beginning.

    Raises:
        NotReplayable: If the model has changed its parameters since.
    """
    twin = copy_of(model)
    named = {**dict(twin.named_parameters()), **dict(twin.named_buffers())}
    if named.keys() != start.tensors.keys() or any(named[k].shape != t.shape for k, t in start.tensors.items()):
        raise NotReplayable("the model has other parameters at the end than at the start")
    with torch.no_grad():
        for name, tensor in start.tensors.items():
            named[name].copy_(tensor)
    for name, p in twin.named_parameters():
        p.requires_grad_(name in start.trainable)
        p.grad = None
    for name, module in twin.named_modules():
        module.training = start.modes.get(name, module.training)
    return twin


def _loop(training: Training, scale: float) -> Loop:
    """The loop's habits, as they were seen.

    Raises:
        NotReplayable: If gradients were changed in an unknown way.
    """
    steps = max(training.num_steps, 1)
    clip = None
    if training.clipped > 0:
        applied = sorted(
            r.applied_norm
            for r in training.readings
            if r.gradient_norm is not None and r.applied_norm is not None and r.applied_norm < 0.99 * r.gradient_norm
        )
        if not applied or applied[-1] > 1.05 * applied[0]:
            raise NotReplayable("gradients were changed before the step in a way that is no clipping of their norm")
        clip = applied[len(applied) // 2]
    first = training.rates[0] if training.rates and training.rates[0] else 1.0
    return Loop(
        clear=training.uncleared_steps * 2 < steps,
        per_step=max(1, round(training.backwards_per_step)),
        scale=scale,
        clip=clip,
        rates=tuple(rate / first for rate in training.rates[:512]),
    )


def with_input(batch: KeptBatch, change: Callable[[Tensor], Tensor]) -> KeptBatch:
    """The batch with its first floating-point input changed."""
    args, kwargs = list(batch.args), dict(batch.kwargs)
    for i, value in enumerate(args):
        if isinstance(value, Tensor) and value.is_floating_point():
            args[i] = change(value)
            return dataclasses.replace(batch, args=tuple(args))
    for key, value in kwargs.items():
        if isinstance(value, Tensor) and value.is_floating_point():
            return dataclasses.replace(batch, kwargs={**kwargs, key: change(value)})
    return batch


def with_target(batch: KeptBatch, target: Tensor) -> KeptBatch:
    """The batch with another target."""
    return batch if batch.call is None else dataclasses.replace(batch, call=batch.call.with_target(target))
