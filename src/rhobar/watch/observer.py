"""The state machine behind every way of watching: events of torch in, trackers of trainings out."""

import cmath
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim.optimizer import Optimizer

from rhobar.record import LossFacts
from rhobar.watch.exam_state import KeptBatch
from rhobar.watch.feed import Feed
from rhobar.watch.forwards import Forward, first_tensor, has_values, tensors_in
from rhobar.watch.guard import Guard
from rhobar.watch.hooks import LossCall
from rhobar.watch.lane import Lane
from rhobar.watch.naming import Names
from rhobar.watch.nonfinite import note_bad_gradient
from rhobar.watch.parameters import Histories
from rhobar.watch.passes import Passes
from rhobar.watch.probe_rows import probe_rows
from rhobar.watch.reading import StepReading, read_step
from rhobar.watch.replicas import PATIENCE, Replicas
from rhobar.watch.scaling import LossScale, ScaledLosses
from rhobar.watch.schedule import Clock
from rhobar.watch.shards import ShardedReading
from rhobar.watch.sites import Site, call_site
from rhobar.watch.split_rows import sampled
from rhobar.watch.start import Starts
from rhobar.watch.steps import Steps
from rhobar.watch.tracker import PAIRED_BY, Tracker

__all__ = ["Observer"]

MAX_TAKEN = 64
"""New optimizers, or groups of one, that make the next backward pass be read in full."""


class Observer:
    """Listens to torch and sorts what happens into trainings.

    Args:
        budget: Share of the bare run time that watching may add; ``None`` for no limit.
        only: Watch trainings of these parameters alone; ``None`` for all.
        starts: Keeps the beginning of every training, if it is to be run again.
    """

    def __init__(self, budget: float | None = 0.02, only: set[int] | None = None, starts: Starts | None = None) -> None:
        self.clock = Clock(budget)
        self.guard = Guard(self.clock)
        self.names = Names()
        self.histories = Histories()
        self.only = only
        self.starts = starts
        self.trackers: list[Tracker] = []
        self.passes = Passes(self.guard, self.names, self.trackers)
        self.steps = Steps(self.guard, self.names, self.passes, self.trackers)
        self.scaled = ScaledLosses()
        self.replicas = Replicas(self.names)
        self.lane = Lane(self.guard, self.steps, self.scaled, self.trackers)
        self._by_site: dict[Site, Tracker] = {}
        self._taken = 0
        self.feed: Feed | None = None
        """Carries what was seen to a run store."""
        # Events that belong to one side alone go there without a step in between.
        self.settled = self.passes.settled
        self.forward_started, self.forward_ended = self.passes.started, self.passes.ended
        self.loss_called, self.dropout_called, self.compared = (
            self.passes.loss_called,
            self.passes.dropout_called,
            self.passes.compared,
        )

    def new_tracker(self) -> Tracker:
        """Begin a training."""
        tracker = Tracker(self.clock, self.names, self.histories)
        if self.feed is not None:
            tracker.sink = self.feed.sink(len(self.trackers))
        self.trackers.append(tracker)
        return tracker

    def loss_failed(self, kind: str, call: LossCall) -> None:
        """A loss refused its arguments: what it was given is evidence, although no backward pass follows."""
        if self.guard.busy:
            return
        self.lane.flush()
        with self.guard.contained("losses") as on:
            if not on or any(t.refused for t in self.trackers):
                return
            if not has_values(call.input) or not has_values(call.target):
                return
            pending = self.passes.pending
            model = pending[-1].model() if pending else None
            tracker = self.passes.tracker_of(model)
            tracker = tracker or self.new_tracker()
            if model is not None and not tracker.trains(model):
                tracker.see_model(model, training=model.training)
            tracker.refused = True
            tracker.targets.add(call.target, tracker.step)
            tracker.loss = tracker.loss or LossFacts(
                kind, output_shape=tuple(call.input.shape), target_shape=tuple(call.target.shape)
            )

    # Backward passes

    def grad_called(self, outputs: Any, inputs: Any) -> Tracker | None:  # noqa: ANN401
        """`torch.autograd.grad` counts as a backward pass if it differentiates by parameters."""
        wanted = [inputs] if isinstance(inputs, Tensor) else list(inputs) if isinstance(inputs, Sequence) else []
        parameters = False
        with self.guard.contained("gradients") as on:
            parameters = (
                on
                and bool(wanted)
                and all(isinstance(t, Tensor) and t.is_leaf and t.requires_grad for t in wanted)
                # One bare leaf may be an input (an adversary's image); several are the weights of a functional program.
                and (len(wanted) > 1 or self.names.known(wanted[0]) or isinstance(wanted[0], nn.Parameter))
            )
        return self.backward_started(outputs) if parameters else None

    def backward_started(self, losses: Any) -> Tracker | None:  # noqa: ANN401
        """A loss is about to be differentiated: its graph and all it kept are alive now."""
        tracker = self.lane.enter(losses)
        if tracker is None:
            tracker = self._started(losses)
        elif self.feed is not None:
            self.feed.tick()
        self.steps.within = tracker
        return tracker

    def _started(self, losses: Any) -> Tracker | None:  # noqa: ANN401
        if self.guard.busy:
            return None
        self.passes.forget_running()
        if self.feed is not None:
            self.feed.tick()
        with self.guard.contained("backward passes") as on:
            if not on:
                return None
            site = call_site(4)
            loss = losses if isinstance(losses, Tensor) else next(iter(tensors_in(losses)), None)
            if loss is None or loss.numel() == 0:
                return None
            if loss.grad_fn is None:
                return self._begin_cut(loss, site)
            if has_values(loss):
                return self._begin(*self.scaled.origin(loss), site)
            self.guard.note(
                "losses without values", "a loss on the meta device or in a fake mode holds no numbers to read"
            )
        return None

    def _begin(self, loss: Tensor, scale: LossScale | None, scaled: bool, site: Site) -> Tracker | None:
        tracker = self._by_site.get(site)
        known = tracker is not None and not self.passes.new_model
        dense = not known or tracker is None or tracker.schedule.wants(tracker.step)
        # The beginning that is to be run again is read step by step.
        dense = dense or (self.starts is not None and tracker is not None and self.starts.wants(id(tracker)))
        bad = loss.is_cpu and not _finite(loss)
        for other in self.trackers:
            if other.updates.stepped:
                other.settle_update()
            for _, clearing in other.optimizers.values():
                clearing.look()
        if tracker is not None and not tracker.optimizers:
            tracker.by_hand.look()
        reading = None
        if dense or (bad and tracker is not None and tracker.nonfinite is None):
            if self.passes.new_model:
                self.names.add_globals()
            if tracker is not None:
                tracker.rows.settle()
            reading = read_step(self, loss, tracker if known else None, scale if scaled else None)
            if reading is None:
                return None
            tracker = reading.tracker
            self._by_site[site] = tracker
            self.passes.new_model = False
        if tracker is None:
            return None
        training = self.passes.split(tracker, reading.graph if reading else None)
        self._see_batch(tracker, training, loss, reading)
        tracker.see_loss(scale.divide(loss) if scale is not None and scaled else loss)
        tracker.loss_scale = scale
        if reading is not None:
            reading.begin(tracker)
            self.lane.shut()
        elif self.starts is None or not self.starts.wants(id(tracker)):
            self.lane.open(tracker, training)
        tracker.current = reading
        return tracker

    def _begin_cut(self, loss: Tensor, site: Site) -> Tracker | None:
        """A loss made anew from its value, `torch.tensor(loss.item(), requires_grad=True)`: no graph at all."""
        made = [f for f in self.passes.pending if f.recorded] or self.passes.pending[-1:]
        models = [model for f in made if (model := f.model()) is not None]
        if not (loss.requires_grad and loss.numel() == 1 and has_values(loss)) or self.names.known(loss) or not models:
            return None
        parameters = [p for model in models for p in model.parameters()]
        if self.only is not None and self.only.isdisjoint(map(id, parameters)):
            return None
        tracker = self._by_site.get(site) or self.passes.tracker_of(models[-1]) or self.new_tracker()
        self._by_site[site] = tracker
        for p in parameters:
            tracker.parameters.track(p)
        self._see_batch(tracker, self.passes.split(tracker) or made, loss)
        tracker.see_loss(loss)
        tracker.current = None
        return tracker

    def backward_ended(self, tracker: Tracker | None) -> None:
        """Gradients have arrived."""
        self.steps.within = None
        if tracker is None or self.lane.leave(tracker):
            return
        trouble = tracker.current is None and tracker.watchful and tracker.sentinel.lost()
        if tracker.current is None and not trouble and all(other.cleared for other in self.trackers):
            self._arrived(tracker)
            self.guard.told()
            return
        with self.guard.contained("gradients") as on:
            if on:
                self._arrived(tracker)
                reading, tracker.current = tracker.current, None
                if reading is not None:
                    reading.end(tracker)
                elif trouble:
                    note_bad_gradient(tracker, tracker.step - 1, tracker.parameters.read()[0], "")

    def _arrived(self, tracker: Tracker) -> None:
        for other in self.trackers:
            for _, clearing in other.optimizers.values():
                clearing.accumulated()
        if tracker not in self.steps.waiting:
            self.steps.waiting.append(tracker)
        if not tracker.optimizers:
            tracker.by_hand.accumulated([p for t, p in tracker.parameters.live() if t.reached])

    def backward_failed(self, tracker: Tracker | None) -> None:
        """The backward pass raised: what was read before it ends here."""
        self.steps.within = None
        if tracker is not None and tracker.current is not None:
            reading, tracker.current = tracker.current, None
            reading.drop()

    def _see_batch(
        self,
        tracker: Tracker,
        training: list[Forward],
        loss: Tensor,
        reading: StepReading | ShardedReading | None = None,
    ) -> None:
        """Note the models and the rows that made this loss."""
        wanted = tracker.wants_batch()
        open_start = self.starts is not None and self.starts.wants(id(tracker))
        kept = KeptBatch.of(training, loss, reading.handmade() if reading else None) if wanted or open_start else None
        if self.starts is not None:
            self.starts.see(id(tracker), tracker.step, training, kept)
        if wanted and kept is not None:
            tracker.kept.append(kept)
        tracker.recent = KeptBatch.borrowed(training) or kept
        if tracker.recent is None and reading is not None:
            tracker.recent = KeptBatch.of(training, loss, reading.handmade())
        if not training:
            return
        rows = 0
        for forward in training:
            model = forward.model()
            if model is not None:
                if not tracker.trains(model):
                    self.steps.keep(tracker, model, list(model.parameters()))
                tracker.see_model(model, training=forward.training)
                tracker.see_dropout(forward.dropout)
            rows += forward.rows
        first = training[0]
        tracker.rows_seen += rows
        tracker.batch_sizes.add(first.rows)
        if not tracker.rows.complete and (x := first_tensor(first.args, first.kwargs)) is not None:
            tracker.rows.add(x, tracker.step)
            split = tracker.splits.training
            split.add(sampled(x, split.share) if split.share and has_values(x) else None)
        # A net whose batches gave no rows so far is fed in a way that simple probes cannot follow.
        if tracker.wants_pairs() and (tracker.pairs.rows or tracker.step < PAIRED_BY):
            _pair(tracker, training)

    def hold(self, parameters: list[Tensor]) -> None:
        """Say that an optimizer that does not step holds these parameters."""
        self.steps.hold(parameters)

    def finish(self) -> None:
        """Settle what is still waiting at the end."""
        self.lane.flush()
        with self.guard.contained("the end") as on:
            if on:
                self.passes.finish()
                for tracker in self.trackers:
                    self.steps.note_use(tracker)
                    if tracker.shards is not None:
                        tracker.settle_update(at_once=True)
                        tracker.readings = tracker.shards.whole(tracker.readings, patience=PATIENCE)
                    if tracker.replica is not None:
                        tracker.replicas = tracker.replica.facts(patience=PATIENCE)

    # Events that only need to be sorted

    def state_loaded(self, module: nn.Module) -> None:
        """A state is loaded into a module: a checkpoint, or another net's weights."""
        with self.guard.contained("loaded states") as on:
            if on:
                self.histories.load(module.parameters())

    def loss_scaled(self, scaler: Any, losses: Any, scaled: Any) -> None:  # noqa: ANN401
        """A scaler multiplied a loss, or several."""
        with self.guard.contained("loss scales") as on:
            if on:
                self.scaled.note(scaler, losses, scaled)

    def scaler_steps(self) -> int:
        """A scaler is about to let an optimizer step, or not."""
        return self.steps.taken

    def scaler_stepped(self, scaler: Any, optimizer: Optimizer, token: int) -> None:  # noqa: ANN401
        """A scaler let the optimizer step, or skipped the step."""
        with self.guard.contained("loss scales") as on:
            if on:
                self.scaled.forget()
                if scaler.is_enabled() and self.steps.taken == token:
                    self.steps.skipped(optimizer)

    def evaluated(self, loss: float, accuracy: float | None = None) -> None:
        """An evaluation has ended, of which somebody knows the mean loss and the share of right answers."""
        self.lane.flush()
        self.passes.evaluated(loss, accuracy)

    def parameters_taken(self) -> None:
        """An optimizer was given parameters: a new training may begin at a place that is known (a thawed network)."""
        self._taken += 1
        self.passes.new_model = self.passes.new_model or self._taken <= MAX_TAKEN

    def step_started(self, optimizer: Optimizer) -> None:
        """An optimizer is about to change weights."""
        if not self.lane.taken:
            self.steps.started(optimizer)

    def step_ended(self, optimizer: Optimizer) -> None:
        """An optimizer has changed weights."""
        if self.lane.stepped(optimizer):
            return
        served = self.steps.ended(optimizer)
        if self.starts is None or not served:
            return
        with self.guard.contained("the beginning") as on:
            for tracker in served if on else []:
                model = next((m for ref in tracker.models.values() if (m := ref()) is not None), None)
                self.starts.stepped(id(tracker), model, optimizer)


def _pair(tracker: Tracker, forwards: list[Forward]) -> None:
    """Keep the first pairs of inputs and targets, step by step where the loss call shows them."""
    call = next((c for f in reversed(forwards) for _, c in reversed(f.calls)), None)
    rows = probe_rows(forwards, call.target) if call is not None else None
    if rows is not None:
        tracker.pairs.each_step = True
        tracker.pairs.add(rows)


def _finite(loss: Tensor) -> bool:
    return cmath.isfinite(loss.item()) if loss.numel() == 1 else bool(torch.isfinite(loss.detach()).all())
