"""The short way of a step that is not read: it tells its loss, its rows and its rate, and nothing else is asked of it.

A step that went the long way opens the lane when all that it found out will still hold at the next ones: one pass of
one model, one functional loss of its output, one optimizer. Then the pass and the loss are only laid down (`heard`,
`call`), and looked at when the loss is differentiated. A step that differs in any of these, one whose loss is not
finite, and one that is to be read go the long way: what was laid down is told as if it had just happened (`flush`). So
does one step of thirty-two, which looks whether gradients are still cleared, and where it stands in the program. The
gradient that every other one flows into is looked at all the same (`Sentinel`), and the batch is at hand until the
next one comes: the first step with a NaN is found in the lane as it is outside.
"""

import math
import weakref
from typing import Any

from torch import _C, Tensor, nn
from torch.optim.optimizer import Optimizer

from rhobar.watch.clearing import Clearing
from rhobar.watch.exam_state import lent
from rhobar.watch.forwards import Forward
from rhobar.watch.guard import Guard
from rhobar.watch.hooks import LossCall
from rhobar.watch.scaling import ScaledLosses
from rhobar.watch.steps import Steps
from rhobar.watch.tracker import Tracker

__all__ = ["Lane"]

EVENTS = 6
"""What a step in the lane takes, in listeners that do next to nothing: measured as 62 µs beside 10 µs each."""


class Lane:
    """One training whose steps may take the short way.

    Args:
        guard: What listeners run inside.
        steps: The optimizers that step.
        scaled: The losses that a scaler multiplied.
        trackers: The trainings so far.
    """

    def __init__(self, guard: Guard, steps: Steps, scaled: ScaledLosses, trackers: list[Tracker]) -> None:
        self._guard, self._steps, self._scaled, self._trackers = guard, steps, scaled, trackers
        self._passes = steps.passes
        self.root = 0
        """Identity of the model whose passes are only laid down; 0 where the lane is shut."""
        self.heard: tuple[tuple[Any, ...], dict[str, Any], Tensor] | None = None
        """The latest pass: arguments and output."""
        self.call: tuple[str, Any, tuple[Any, ...], dict[str, Any], Tensor] | None = None
        """The loss of that output: its kind, the function, what it got and gave."""
        self.taken = False
        """Whether the latest backward pass went through here."""
        self._tracker: Tracker | None = None
        self._model: weakref.ref[nn.Module] | None = None
        self._optimizer: weakref.ref[Optimizer] | None = None
        self._clearing: Clearing | None = None
        self._until = self._groups = self._calls = 0

    def open(self, tracker: Tracker, training: list[Forward]) -> None:
        """Let the next steps of this training through, if this one showed all that is to be known of them."""
        self.shut()
        if len(training) != 1 or tracker.forwards_per_backward != 1 or len(tracker.optimizers) != 1:
            return
        until, model = tracker.schedule.sleeps_until(tracker.step), training[0].model()
        if until <= tracker.step or tracker.wants_more() or tracker.loss_scale is not None or model is None:
            return
        if lent(training[0]) is None or self._entangled(tracker, model):
            return
        ((self._optimizer, self._clearing),) = tracker.optimizers.values()
        optimizer = self._optimizer()
        if optimizer is None or tracker.reached.isdisjoint(self._steps.held_by(optimizer)):
            return
        self._groups, self._calls = len(optimizer.param_groups), self._passes.parts_of(model)
        self._tracker, self._model, self._until = tracker, training[0].model, until
        self.root = id(model)

    def _entangled(self, tracker: Tracker, model: nn.Module) -> bool:
        """Whether another training has to do with the model, or waits for a step of its own."""
        return any(
            other.updates.waiting or other.trains(model) or not tracker.reached.isdisjoint(other.reached)
            for other in self._trackers
            if other is not tracker
        )

    def shut(self) -> None:
        """The step that comes next goes the long way."""
        self.root, self._tracker, self.taken = 0, None, False

    def flush(self) -> None:
        """Tell what was laid down as if it had just happened."""
        heard, call, self.heard, self.call = self.heard, self.call, None, None
        model = self._model() if self._model is not None else None
        if heard is not None and model is not None:
            self._passes.started(model)
            self._passes.ended(model, *heard)
            if call is not None:
                kind, function, args, kwargs, value = call
                self._passes.loss_called(kind, LossCall(function, args, kwargs, value))

    def enter(self, loss: Any) -> Tracker | None:  # noqa: ANN401
        """A loss is about to be differentiated: its training, if it may take the short way."""
        self.taken = False
        call = self.call
        if call is None or call[4] is not loss or not self._passable(call[4]):
            self.flush()
            return None
        tracker, heard, model = self._tracker, self.heard, self._model() if self._model is not None else None
        if tracker is None or heard is None or model is None or not self._see_loss(tracker, call[4]):
            self.flush()
            return None
        _, function, given, settings, _ = call
        args, kwargs, output = heard
        tracker.see_quiet(model, args, kwargs, ((args, kwargs), (function, given[1:], settings), output.shape))
        passes = self._passes
        passes.forwards += 1
        if passes.dropout:
            tracker.see_dropout(passes.dropout)
            passes.dropout = 0.0
        self.heard = self.call = None
        self.taken = True
        return tracker

    def _passable(self, loss: Tensor) -> bool:
        """Whether nothing else has happened, and nothing is to be read."""
        tracker, passes, waiting, clearing = self._tracker, self._passes, self._steps.waiting, self._clearing
        return (
            tracker is not None
            and clearing is not None
            and clearing.cleared
            and len(tracker.losses) < self._until
            and not (passes.pending or passes.new_model or self._scaled.waiting or self._guard.busy)
            and (not waiting or (len(waiting) == 1 and waiting[0] is tracker))
            and type(loss) is Tensor
            and not _C._len_torch_function_stack()
            and not _C._len_torch_dispatch_stack()
        )

    def _see_loss(self, tracker: Tracker, loss: Tensor) -> bool:
        """Note its value, unless it is none to pass over; on an accelerator, without waiting."""
        if loss.is_cpu:
            value = loss.item() if loss.numel() == 1 else None
            if type(value) is not float or not math.isfinite(value):
                return False
            tracker.losses.append(value / tracker.scale)
        elif loss.is_meta:
            return False
        else:
            tracker.see_loss(loss)
        return True

    def leave(self, tracker: Tracker) -> bool:
        """Gradients have arrived: whether the step stays in the lane."""
        if not self.taken or (tracker.nonfinite is None and tracker.sentinel.lost()):
            self.taken = False
            return False
        if not self._steps.waiting:
            self._steps.waiting.append(tracker)
        clock = self._guard.clock
        clock.spent += EVENTS * clock.per_event + self._calls * clock.per_call
        return True

    def stepped(self, optimizer: Optimizer) -> bool:
        """An optimizer has changed weights: whether nothing more is to be noted."""
        if not self.taken:
            return False
        self.taken = False
        tracker, steps, clearing = self._tracker, self._steps, self._clearing
        groups, waiting = optimizer.param_groups, steps.waiting
        if tracker is None or clearing is None or self._optimizer is None or self._optimizer() is not optimizer:
            self.shut()
            return False
        if len(groups) != self._groups or steps.within is not None or len(waiting) != 1 or waiting[0] is not tracker:
            self.shut()
            return False
        steps.rest()
        steps.taken += 1
        tracker.steps += 1
        tracker.rates.append(float(groups[0].get("lr", math.nan)))
        if not clearing.rests():
            clearing.mark()
        return True
