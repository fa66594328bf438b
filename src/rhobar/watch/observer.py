"""The state machine behind every way of watching: events of torch in, trackers of trainings out."""

import cmath
import math
import time
import traceback
import weakref
from collections.abc import Sequence
from types import TracebackType
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim.optimizer import Optimizer

from rhobar.record import Evaluation, LossFacts, OptimizerFacts, Unseen
from rhobar.watch.answers import compared_labels, evaluation_loss
from rhobar.watch.clearing import Clearing
from rhobar.watch.exam_state import KeptBatch
from rhobar.watch.forwards import Forward, ScoredLoss, address, first_tensor, has_values, tensors_in
from rhobar.watch.hooks import LossCall
from rhobar.watch.naming import Names, model_label
from rhobar.watch.parameters import Histories
from rhobar.watch.probe_rows import probe_rows
from rhobar.watch.quiet import quiet
from rhobar.watch.reading import read_step
from rhobar.watch.schedule import Clock
from rhobar.watch.sites import Site, call_path, call_site
from rhobar.watch.tracker import Tracker

__all__ = ["Observer"]

MAX_TRAININGS = 32
MAX_PENDING = 4096
MAX_HELD = 20_000_000
"""Parameters of finished models that are kept in memory until the exam (80 MB in float32)."""


class _Contained:
    """The body of a listener: timed, quiet, alone, and with its errors noted rather than raised.

    A class, not a generator: it is entered several times at every step.
    """

    __slots__ = ("_observer", "_quiet", "_start", "_what")

    def __init__(self, observer: "Observer", what: str) -> None:
        self._observer, self._what, self._quiet = observer, what, quiet()
        self._start: float | None = None

    def __enter__(self) -> bool:
        observer = self._observer
        if observer._busy or observer.errors > 20:
            return False
        observer._busy = True
        self._start = time.perf_counter()
        self._quiet.__enter__()
        return True

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        if self._start is None:
            return False
        observer = self._observer
        self._quiet.__exit__(kind, error, trace)
        observer._busy = False
        contained = isinstance(error, Exception)
        if isinstance(error, Exception):
            observer.errors += 1
            place = traceback.extract_tb(trace)[-1]
            observer._note(self._what, f"{type(error).__name__}: {error} ({place.name}, line {place.lineno})")
        observer.clock.spent += time.perf_counter() - self._start
        return contained


class Observer:
    """Listens to torch and sorts what happens into trainings.

    Args:
        budget: Share of the bare run time that watching may add; ``None`` for no limit.
        only: Watch trainings of these parameters alone; ``None`` for all.
    """

    def __init__(self, budget: float | None = 0.05, only: set[int] | None = None) -> None:
        self.clock = Clock(budget)
        self.names = Names()
        self.histories = Histories()
        self.trackers: list[Tracker] = []
        self.unseen: list[Unseen] = []
        self.forwards = 0
        self.errors = 0
        self._only = only
        self._children: dict[int, weakref.ref[nn.Module]] = {}
        self._roots: dict[int, weakref.ref[nn.Module]] = {}
        self._called: set[int] = set()
        self._pending: list[Forward] = []
        self._by_site: dict[Site, Tracker] = {}
        self._held: dict[int, weakref.ref[Tensor]] = {}
        self._mine: dict[int, tuple[weakref.ref[Optimizer], list[tuple[int, ...]], set[int]]] = {}
        self._new_model = False
        self._since_step: list[Tracker] = []
        self._last_trackers: list[Tracker] = []
        self._before_step: dict[int, Any] = {}
        self._running: list[tuple[int, list[tuple[str, LossCall]]]] = []
        self._busy = False
        self._room = MAX_HELD
        self._dropout = 0.0

    def _hold(self, tracker: Tracker, thing: Any, parameters: list[Tensor]) -> None:  # noqa: ANN401
        """Keep a small model or optimizer alive for the exam, up to MAX_HELD parameters in all."""
        size = sum(p.numel() for p in parameters)
        if size <= self._room and not any(thing is held for held in tracker.alive):
            self._room -= size
            tracker.alive.append(thing)

    def _contained(self, what: str) -> "_Contained":
        """Time the body, keep its errors from the program, and keep it from watching itself."""
        return _Contained(self, what)

    def _note(self, what: str, reason: str) -> None:
        if len(self.unseen) < 50 and all(u.what != what or u.reason != reason for u in self.unseen):
            self.unseen.append(Unseen(what, reason))

    # Forward passes

    def forward_started(self, module: nn.Module, args: tuple[Any, ...]) -> None:
        """A module is called; outermost ones with parameters are models."""
        key = id(module)
        self._called.add(key)
        self.clock.spent += self.clock.per_call
        if self._busy:
            return
        if (root := self._roots.get(key)) is not None and root() is module:
            self._running.append((key, []))
            return
        known = self._children.get(key)
        if known is not None and known() is module:
            return
        with self._contained("models") as on:
            if on and any(True for _ in module.parameters()):
                self._roots[key] = weakref.ref(module)
                for child in module.modules():
                    if child is not module:
                        self._children[id(child)] = weakref.ref(child)
                        self._roots.pop(id(child), None)
                self.names.add_model(module, model_label(module))
                self._new_model = True
                self._running.append((key, []))

    def forward_ended(self, module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any], output: Any) -> None:  # noqa: ANN401
        """A module returned; the passes of models wait for what becomes of them."""
        known = self._roots.get(id(module))
        if self._busy or known is None or known() is not module:
            return
        with self._contained("forward passes") as on:
            if not on:
                return
            self.forwards += 1
            calls = self._returned(id(module))
            recorded = any(t.grad_fn is not None for t in tensors_in(output)[:4])
            self._mark_fed(args)
            path = () if recorded else call_path(3)
            forward = Forward(weakref.ref(module), args, kwargs, output, module.training, recorded, path, self._dropout)
            for kind, call in calls:
                _attribute(forward, kind, call)
            self._pending.append(forward)
            self._dropout = 0.0
            if len(self._pending) > MAX_PENDING:
                self._flush_evaluations(len(self._pending) // 2)
            self._shrink()

    def _returned(self, key: int) -> list[tuple[str, LossCall]]:
        """The losses that a model called inside its forward pass; passes within it that raised are forgotten."""
        while self._running:
            running, calls = self._running.pop()
            if running == key:
                return calls
        return []

    def _mark_fed(self, args: tuple[Any, ...]) -> None:
        """A waiting pass whose output enters another model is part of a larger computation."""
        if not self._pending:
            return
        given = {address(t) for t in tensors_in(args)}
        for forward in self._pending[-4:]:
            if any(address(t) in given for t in tensors_in(forward.output)):
                forward.feeds_model = True

    def _shrink(self) -> None:
        """Let go of tensors of passes that are surely evaluation, so that watching holds no memory."""
        for forward in self._pending[-5:-4]:
            if not forward.recorded:
                self._release(forward)
        usual = max((t.forwards_per_backward or 1 for t in self.trackers), default=64)
        many = 4 * usual + 16
        # So many passes with gradients on since the last loss: most are evaluation, each with a graph of its own.
        for forward in self._pending[-many - 1 : -many]:
            self._release(forward)

    def _release(self, forward: Forward) -> None:
        """Drop the outputs of a pass, and its inputs unless it is the last one from its place."""
        forward.output = None
        forward.calls.clear()
        if any(f.path == forward.path and f.model() is forward.model() for f in self._pending[-4:]):
            forward.num_rows = forward.rows
            forward.args, forward.kwargs = (), {}

    def state_loaded(self, module: nn.Module) -> None:
        """A state is loaded into a module: a checkpoint, or another net's weights."""
        with self._contained("loaded states") as on:
            if on:
                self.histories.load(module.parameters())

    def dropout_called(self, p: float) -> None:
        """A functional dropout was active, whatever mode the model is in."""
        self._dropout = max(self._dropout, p)

    def compared(self, one: Any, other: Any) -> None:  # noqa: ANN401
        """Two tensors were compared: in an evaluation without a loss this may pair answers with labels."""
        if self._busy or not self._pending or torch.is_grad_enabled():
            return
        forward = self._pending[-1]
        if forward.recorded or forward.losses or forward.output is None:
            return
        with self._contained("evaluations") as on:
            model = forward.model()
            tracker = next((t for t in reversed(self.trackers) if model is not None and t.trains(model)), None)
            if not on or tracker is None or not tracker.kept:
                return
            pair = compared_labels(forward.output, one, other)
            call = tracker.kept[-1].call
            if pair is not None and call is not None and (value := evaluation_loss(call, *pair)) is not None:
                forward.losses.append(ScoredLoss(tracker.loss.kind if tracker.loss else "custom", value))
                forward.hits = float((pair[0].argmax(1) == pair[1]).double().mean())

    def loss_called(self, kind: str, call: LossCall) -> None:
        """A functional loss was called (also from inside a loss module)."""
        if self._busy or not (self._pending or self._running) or not isinstance(call.value, Tensor):
            return
        with self._contained("losses") as on:
            if not on or not has_values(call.value):
                return
            if self._running:
                self._running[-1][1].append((kind, call))
            else:
                _attribute(self._maker(call), kind, call)

    def _maker(self, call: LossCall) -> Forward:
        """The waiting pass whose output the loss received; the latest if none is known to be."""
        if len(self._pending) > 1 and isinstance(call.input, Tensor):
            place = address(call.input)
            for forward in reversed(self._pending[-4:]):
                if any(address(t) == place for t in tensors_in(forward.output)[:8]):
                    return forward
        return self._pending[-1]

    def loss_failed(self, kind: str, call: LossCall) -> None:
        """A loss refused its arguments: what it was given is evidence, although no backward pass follows."""
        if self._busy:
            return
        with self._contained("losses") as on:
            if not on or any(t.refused for t in self.trackers):
                return
            if not has_values(call.input) or not has_values(call.target):
                return
            model = self._pending[-1].model() if self._pending else None
            tracker = next((t for t in reversed(self.trackers) if model is not None and t.trains(model)), None)
            if tracker is None:
                tracker = Tracker(self.clock, self.names, self.histories)
                self.trackers.append(tracker)
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
        with self._contained("gradients") as on:
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
        if self._busy:
            return None
        self._running.clear()
        site = call_site(3)
        with self._contained("backward passes") as on:
            if not on:
                return None
            loss = losses if isinstance(losses, Tensor) else next(iter(tensors_in(losses)), None)
            if loss is None or loss.grad_fn is None or loss.numel() == 0:
                return None
            if has_values(loss):
                return self._begin(loss, site)
            self._note("losses without values", "a loss on the meta device or in a fake mode holds no numbers to read")
        return None

    def _begin(self, loss: Tensor, site: Site) -> Tracker | None:
        tracker = self._by_site.get(site)
        known = tracker is not None and not self._new_model
        dense = not known or tracker is None or tracker.schedule.wants(tracker.step)
        bad = loss.is_cpu and not _finite(loss)
        for other in self.trackers:
            for _, clearing in other.optimizers.values():
                clearing.look()
        reading = None
        if dense or (bad and tracker is not None and tracker.nonfinite is None):
            if self._new_model:
                self.names.add_globals()
            reading = read_step(self, loss, tracker if known else None)
            if reading is None:
                return None
            tracker = reading.tracker
            self._by_site[site] = tracker
            self._new_model = False
        if tracker is None:
            return None
        self._settle_pending(tracker, loss)
        tracker.see_loss(loss)
        if reading is not None:
            reading.begin(tracker)
        tracker.current = reading
        return tracker

    def backward_ended(self, tracker: Tracker | None) -> None:
        """Gradients have arrived."""
        if tracker is None:
            return
        with self._contained("gradients") as on:
            if not on:
                return
            for other in self.trackers:
                for _, clearing in other.optimizers.values():
                    clearing.accumulated()
            reading, tracker.current = tracker.current, None
            if reading is not None:
                reading.end(tracker)
            if tracker not in self._since_step:
                self._since_step.append(tracker)

    def backward_failed(self, tracker: Tracker | None) -> None:
        """The backward pass raised: what was read before it ends here."""
        if tracker is not None and tracker.current is not None:
            reading, tracker.current = tracker.current, None
            reading.drop()

    def _settle_pending(self, tracker: Tracker, loss: Tensor) -> None:
        """Split the waiting passes: the last ones made this loss, those before were evaluation."""
        pending, self._pending = self._pending, []
        recorded = [f for f in pending if f.recorded]
        count = len(recorded)
        if tracker.forwards_per_backward is None or count < tracker.forwards_per_backward:
            tracker.forwards_per_backward = max(count, 1)
        # More passes than usual before this loss: the surplus at the front was evaluation with gradients on.
        surplus = max(0, count - max(tracker.forwards_per_backward, 1)) if tracker.step > 1 else 0
        training = recorded[surplus:]
        evaluation = [f for f in pending if not any(f is t for t in training)]
        self._record_evaluations(evaluation)
        rows = 0
        for forward in training:
            model = forward.model()
            if model is not None:
                if not tracker.trains(model):
                    self._hold(tracker, model, list(model.parameters()))
                tracker.see_model(model, training=forward.training)
                tracker.see_dropout(forward.dropout)
            rows += forward.rows
        if not training:
            return
        first = training[0]
        x = first_tensor(first.args, first.kwargs)
        tracker.rows_seen += rows
        tracker.batch_sizes.add(first.rows)
        if x is not None:
            tracker.rows.add(x, tracker.step)
            if not tracker.pairs.full:
                self._pair(tracker, training)
        kept = KeptBatch.of(training, loss) if tracker.wants_batch() else None
        if kept is not None:
            tracker.kept.append(kept)

    def _pair(self, tracker: Tracker, forwards: list[Forward]) -> None:
        """Keep the first pairs of inputs and targets, step by step where the loss call shows them."""
        call = next((c for f in reversed(forwards) for _, c in reversed(f.calls)), None)
        rows = probe_rows(forwards, call.target) if call is not None else None
        if rows is not None:
            tracker.pairs.each_step = True
            tracker.pairs.add(rows)

    def _flush_evaluations(self, count: int) -> None:
        front, self._pending = self._pending[:count], self._pending[count:]
        self._record_evaluations([f for f in front if not f.recorded])

    def _record_evaluations(self, forwards: list[Forward]) -> None:
        """Group evaluation passes by the model and the place they were called from."""
        groups: dict[tuple[int, Any], list[Forward]] = {}
        for forward in forwards:
            if not forward.feeds_model:
                groups.setdefault((id(forward.model()), forward.path), []).append(forward)
        for (_, path), group in groups.items():
            model = group[0].model()
            tracker = next((t for t in reversed(self.trackers) if model is not None and t.trains(model)), None)
            if tracker is None:
                continue
            rows = sum(f.rows for f in group)
            kind = tracker.loss.kind if tracker.loss else "custom"
            shape = tracker.loss.output_shape[1:] if tracker.loss else ()
            scored = [(f.rows, value) for f in group if (value := f.scored(kind, shape)) is not None]
            scored_rows = sum(n for n, _ in scored)
            loss = sum(value * n for n, value in scored) / scored_rows if scored_rows else None
            x = first_tensor(group[-1].args, group[-1].kwargs)
            tracker.evaluations.append(
                Evaluation(
                    step=tracker.step,
                    num_batches=len(group),
                    num_rows=rows,
                    loss=loss,
                    accuracy=_mean_hits(group),
                    training_mode=sum(f.training or f.dropout > 0 for f in group) * 2 > len(group),
                    overlap=tracker.rows.overlap(x) if x is not None and x.shape[0] <= 8192 else None,
                    source="/".join(str(line) for _, line in path[:4]),
                )
            )

    # Optimizer steps

    def step_started(self, optimizer: Optimizer) -> None:
        """An optimizer is about to change weights."""
        with self._contained("optimizer steps") as on:
            if not on:
                return
            for tracker in self._since_step:
                known = tracker.optimizers.get(id(optimizer))
                if known is not None:
                    known[1].look()
                if tracker.open is not None and not tracker.open.update_seen:
                    self._before_update(tracker)

    def _before_update(self, tracker: Tracker) -> None:
        opened = tracker.open
        if opened is None:
            return
        # Gradients that were dropped before the step count as zero: the step applies nothing.
        norm, applied = opened.reading.gradient_norm, tracker.parameters.gradient_norm() or 0.0
        if norm and math.isfinite(norm):
            tracker.note_clipping(norm, applied)

    def step_ended(self, optimizer: Optimizer) -> None:
        """An optimizer has changed weights: settle the update of the trainings that it serves."""
        with self._contained("optimizer steps") as on:
            if not on:
                return
            mine = self._parameters_of(optimizer)
            candidates = self._since_step or self._last_trackers
            served = [t for t in candidates if not t.reached.isdisjoint(mine)]
            if not served and candidates:
                # It holds nothing that the loss reaches: it belongs to the training it stepped with first.
                before = [t for t in self.trackers if id(optimizer) in t.optimizers]
                served = [t for t in before if t in candidates] if before else candidates[-1:]
            for tracker in served:
                self._serve(tracker, optimizer)
            if self._since_step:
                self._last_trackers = self._since_step
            self._since_step = []

    def _parameters_of(self, optimizer: Optimizer) -> set[int]:
        """Identities of the parameters it holds, gathered anew when its groups have changed."""
        lists = [group["params"] for group in optimizer.param_groups]
        groups: list[tuple[int, ...]] = [(id(ps), len(ps), id(ps[0]), id(ps[-1])) for ps in lists if ps]
        known = self._mine.get(id(optimizer))
        if known is not None and known[0]() is optimizer and known[1] == groups:
            return known[2]
        self.hold([p for ps in lists for p in ps])
        mine = {id(p) for ps in lists for p in ps}
        self._mine[id(optimizer)] = weakref.ref(optimizer), groups, mine
        return mine

    def _serve(self, tracker: Tracker, optimizer: Optimizer) -> None:
        known = tracker.optimizers.get(id(optimizer))
        if known is None or known[0]() is not optimizer:
            known = (weakref.ref(optimizer), Clearing(optimizer))
            known[1].backwards = 1
            tracker.optimizers[id(optimizer)] = known
            self._hold(tracker, optimizer, [p for group in optimizer.param_groups for p in group["params"]])
            for group in optimizer.param_groups:
                for p in group["params"]:
                    tracker.parameters.track(p).held = True
        if tracker.steps < 4:
            self._note_use(tracker)
        first = next(iter(tracker.optimizers.values()))[0]
        if first() is optimizer:
            tracker.steps += 1
            rate = float(optimizer.param_groups[0].get("lr", math.nan))
            # Settings that a schedule moves without the rate are followed every 16 steps.
            if tracker.steps < 16 or tracker.steps % 16 == 0 or rate != tracker.rates[-1]:
                tracker.optimizer = optimizer_facts(optimizer, tracker.steps)
            tracker.rates.append(rate)
        known[1].stepped()
        if tracker.open is not None:
            tracker.settle_update()

    def hold(self, parameters: list[Tensor]) -> None:
        """Say that an optimizer that does not step holds these parameters."""
        for p in parameters:
            self._held[id(p)] = weakref.ref(p)

    def _note_use(self, tracker: Tracker) -> None:
        """Which parameters are held by an optimizer, and whose modules took part in a forward pass."""
        for tracked, tensor in tracker.parameters.live():
            held = self._held.get(id(tensor))
            tracked.held = tracked.held or (held is not None and held() is tensor)
            owner = self.names.owner(tensor)
            tracked.used = tracked.used or tracked.reached or (owner is not None and id(owner) in self._called)

    def finish(self) -> None:
        """Settle what is still waiting at the end."""
        with self._contained("the end") as on:
            if on:
                self._record_evaluations([f for f in self._pending if not f.recorded])
                self._pending = []
                for tracker in self.trackers:
                    self._note_use(tracker)


def _attribute(forward: Forward, kind: str, call: LossCall) -> None:
    """Note a loss with the pass whose output it received; that of an evaluation by its value."""
    if call.value.grad_fn is None and call.value.numel() == 1:
        if isinstance(call.input, Tensor) and not forward.recorded:
            value, shape = float(call.value) / call.divisor, tuple(call.input.shape[1:])
            forward.losses.append(ScoredLoss(kind, value, shape))
    else:
        forward.calls.append((kind, call))


def _mean_hits(group: list[Forward]) -> float | None:
    """Accuracy over the passes whose labels were seen."""
    seen = [(f.rows, f.hits) for f in group if f.hits is not None]
    return sum(n * hits for n, hits in seen) / max(sum(n for n, _ in seen), 1) if seen else None


def _finite(loss: Tensor) -> bool:
    return cmath.isfinite(loss.item()) if loss.numel() == 1 else bool(torch.isfinite(loss.detach()).all())


def optimizer_facts(optimizer: Optimizer, steps: int) -> OptimizerFacts:
    """Kind and settings of the first parameter group."""
    group = optimizer.param_groups[0]
    settings: dict[str, float] = {}
    for key, value in group.items():
        if key == "betas":
            settings["beta1"], settings["beta2"] = float(value[0]), float(value[1])
        elif (isinstance(value, bool | int | float) and key != "params") or (
            isinstance(value, Tensor) and value.numel() == 1
        ):
            settings[key] = float(value)
    return OptimizerFacts(
        kind=type(optimizer).__name__,
        settings=settings,
        num_groups=len(optimizer.param_groups),
        num_parameters=sum(len(g["params"]) for g in optimizer.param_groups),
        num_steps=steps,
    )
