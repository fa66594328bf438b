"""Forward passes as they happen: models are discovered, their passes wait for what becomes of them.

Those that a backward pass follows are training, the others are evaluation.
"""

import weakref
from typing import Any

import torch
from torch import _C, Tensor, nn

from rhobar.watch.answers import compared_labels, evaluation_call
from rhobar.watch.evaluations import OF_MANY, evaluations, input_sample
from rhobar.watch.forwards import Forward, ScoredLoss, address, has_values, tensors_in
from rhobar.watch.graph import Graph
from rhobar.watch.guard import Guard
from rhobar.watch.hooks import LossCall
from rhobar.watch.naming import Names, model_label
from rhobar.watch.row_losses import row_losses
from rhobar.watch.sites import Place, call_path
from rhobar.watch.tracker import Tracker

__all__ = ["Passes"]

MAX_PENDING = 4096
MAX_ENDS = 8
"""Waiting passes that keep their input because they may be the last of a look at a set."""


class Passes:
    """The models that were called, and their passes that wait.

    Args:
        guard: What listeners run inside.
        names: Learns the names of models that are met.
        trackers: The trainings so far; grows while watching.
    """

    def __init__(self, guard: Guard, names: Names, trackers: list[Tracker]) -> None:
        self._guard, self._names, self._trackers = guard, names, trackers
        self.settled: dict[int, weakref.ref[nn.Module]] = {}
        """Modules whose further calls tell nothing: called parts of a model, and modules without parameters."""
        self.pending: list[Forward] = []
        self.forwards = 0
        self.new_model = False
        self._called: set[int] = set()
        self._parts: dict[int, weakref.ref[nn.Module]] = {}
        self._roots: dict[int, tuple[weakref.ref[nn.Module], int]] = {}
        self._running: list[tuple[int, list[tuple[str, LossCall]]]] = []
        self._sources: dict[tuple[Place, ...], str] = {}
        self.dropout = 0.0
        """Largest rate of a dropout that was active since the last pass ended."""

    def started(self, module: nn.Module) -> None:
        """A module is called; outermost ones with parameters are models."""
        key = id(module)
        self._called.add(key)
        if self._guard.busy:
            return
        root = self._roots.get(key)
        if root is not None and root[0]() is module:
            self._running.append((key, []))
            return
        part = self._parts.get(key)
        if part is not None and part() is module:
            self._settle(module)
            return
        with self._guard.contained("models") as on:
            if on:
                self._discover(module)

    def _discover(self, module: nn.Module) -> None:
        if not any(True for _ in module.parameters()):
            self._settle(module)
            return
        if self._inside(module):
            self._parts[id(module)] = weakref.ref(module)
            return
        parts = [part for part in module.modules() if part is not module]
        self._roots[id(module)] = weakref.ref(module), len(parts)
        for part in parts:
            self._parts[id(part)] = weakref.ref(part)
            self._roots.pop(id(part), None)
        self._names.add_model(module, model_label(module))
        self.new_model = True
        self._running.append((id(module), []))

    def _settle(self, module: nn.Module) -> None:
        """Hear no more of this module, as long as it lives."""
        settled, key = self.settled, id(module)
        settled[key] = weakref.ref(module, lambda _: settled.pop(key, None))

    def _inside(self, module: nn.Module) -> bool:
        """Whether a model is running that owns all its parameters: a part that is not registered as one."""
        root = self._roots.get(self._running[-1][0]) if self._running else None
        model = root[0]() if root is not None else None
        return model is not None and {id(p) for p in module.parameters()} <= {id(p) for p in model.parameters()}

    def parts_of(self, model: nn.Module) -> int:
        """Modules inside a model, each of which is called once in a pass, for all that is known."""
        known = self._roots.get(id(model))
        return known[1] if known is not None else 0

    def called(self, module: nn.Module) -> bool:
        """Whether the module took part in a forward pass."""
        return id(module) in self._called

    def ended(self, module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any], output: Any) -> None:  # noqa: ANN401
        """A module returned; the passes of models wait for what becomes of them."""
        known = self._roots.get(id(module))
        if known is None or known[0]() is not module:
            return
        clock, running = self._guard.clock, self._running
        clock.spent += known[1] * clock.per_call
        if not self.pending and len(running) == 1 and not running[0][1] and self._readable(output):
            running.clear()
            self.forwards += 1
            dropout, self.dropout = self.dropout, 0.0
            self.pending = [Forward(known[0], args, kwargs, output, module.training, True, (), dropout)]
            return
        if self._guard.busy:
            return
        with self._guard.contained("forward passes") as on:
            if on:
                tensors = [output] if isinstance(output, Tensor) else tensors_in(output)[:4]
                recorded = any(t.grad_fn is not None for t in tensors)
                if self.pending:
                    self._mark_fed(args)
                path = () if recorded else call_path(3)
                self._wait(Forward(known[0], args, kwargs, output, module.training, recorded, path))
                if len(self.pending) > 4:
                    self._shrink()

    def _readable(self, x: object) -> bool:
        """Whether x is a plain tensor with values and a gradient history: the usual case, and worth a short way.

        Its price is counted with that of the backward pass.
        """
        return (
            type(x) is Tensor
            and not self._guard.busy
            and not _C._len_torch_function_stack()  # whose modes would notice a look at an attribute
            and x.grad_fn is not None
            and not x.is_meta
        )

    def _wait(self, forward: Forward) -> None:
        self.forwards += 1
        forward.dropout, self.dropout = self.dropout, 0.0
        # Losses that the model called inside its pass are its own; passes within it that raised are forgotten.
        while self._running:
            key, calls = self._running.pop()
            model = forward.model()
            if model is not None and key == id(model):
                for kind, call in calls:
                    _attribute(forward, kind, call)
                break
        self.pending.append(forward)

    def forget_running(self) -> None:
        """A backward pass begins: whatever still seems to run has raised."""
        self._running.clear()

    def _mark_fed(self, args: tuple[Any, ...]) -> None:
        """A waiting pass whose output enters another model is part of a larger computation."""
        given = {address(t) for t in tensors_in(args)}
        for forward in self.pending[-4:]:
            if any(address(t) in given for t in tensors_in(forward.output)):
                forward.feeds_model = True

    def _shrink(self) -> None:
        """Let go of tensors of passes that are surely evaluation, so that watching holds no memory."""
        if len(self.pending) > MAX_PENDING:
            front, self.pending = self.pending[: MAX_PENDING // 2], self.pending[MAX_PENDING // 2 :]
            self.record([f for f in front if not f.recorded])
        for forward in self.pending[-5:-4]:
            if not forward.recorded:
                self._release(forward, self.pending[-4])
        usual = max((t.forwards_per_backward or 1 for t in self._trackers), default=64)
        many = 4 * usual + 16
        # So many passes with gradients on since the last loss: most are evaluation, each with a graph of its own.
        for forward in self.pending[-many - 1 : -many]:
            self._release(forward, self.pending[-many])

    def _release(self, forward: Forward, following: Forward) -> None:
        """Drop the outputs of a pass, and its inputs unless it is the last one from its place or of a look."""
        forward.output = None
        forward.calls.clear()
        if any(f.path == forward.path and f.model() is forward.model() for f in self.pending[-4:]):
            _ = forward.rows
            tracker = None if forward.recorded else self.tracker_of(forward.model())
            if tracker is not None and tracker.splits.wants(self._source(forward)):
                forward.sample = input_sample(forward, OF_MANY)
            if following.path == forward.path and following.rows > forward.rows:
                forward.ends_look = sum(f.ends_look for f in self.pending) < MAX_ENDS
            if not forward.ends_look:
                forward.args, forward.kwargs = (), {}

    def dropout_called(self, p: float) -> None:
        """A functional dropout was active, whatever mode the model is in."""
        self.dropout = max(self.dropout, p)

    def compared(self, one: Any, other: Any) -> None:  # noqa: ANN401
        """Two tensors were compared: in an evaluation without a loss this may pair answers with labels."""
        if self._guard.busy or not self.pending or torch.is_grad_enabled():
            return
        forward = self.pending[-1]
        if forward.recorded or forward.losses or forward.output is None:
            return
        with self._guard.contained("evaluations") as on:
            tracker = self.tracker_of(forward.model())
            if not on or tracker is None or not tracker.kept:
                return
            pair = compared_labels(forward.output, one, other)
            call = tracker.kept[-1].call
            if pair is not None and call is not None and (scored := evaluation_call(call, *pair)) is not None:
                kind = tracker.loss.kind if tracker.loss else "custom"
                forward.losses.append(ScoredLoss(kind, float(scored.value), rows=row_losses(scored)))
                forward.hits = float((pair[0].argmax(1) == pair[1]).double().mean())

    def evaluated(self, loss: float, accuracy: float | None = None) -> None:
        """An evaluation has ended: whoever ran it says what its mean loss was, and the share of right answers."""
        with self._guard.contained("evaluations") as on:
            for forward in self.pending if on else []:
                tracker = None if forward.recorded else self.tracker_of(forward.model())
                if tracker is not None:
                    forward.losses = [ScoredLoss(tracker.loss.kind if tracker.loss else "custom", loss)]
                    forward.hits = accuracy

    def tracker_of(self, model: nn.Module | None) -> Tracker | None:
        """The latest training of this model."""
        return next((t for t in reversed(self._trackers) if model is not None and t.trains(model)), None)

    def loss_called(self, kind: str, call: LossCall) -> None:
        """A functional loss was called (also from inside a loss module)."""
        if self._guard.busy or not isinstance(call.value, Tensor):
            return
        if self._running:
            if has_values(call.value):
                self._running[-1][1].append((kind, call))
            return
        if not self.pending:
            return
        last = self.pending[-1]
        if len(self.pending) == 1 and last.recorded and self._readable(call.value):
            last.calls.append((kind, call))
            return
        with self._guard.contained("losses") as on:
            if not on or not has_values(call.value):
                return
            _attribute(self._maker(call), kind, call)

    def _maker(self, call: LossCall) -> Forward:
        """The waiting pass whose output the loss received; the latest if none is known to be."""
        if len(self.pending) > 1 and isinstance(call.input, Tensor):
            place = address(call.input)
            for forward in reversed(self.pending[-4:]):
                if any(address(t) == place for t in tensors_in(forward.output)[:8]):
                    return forward
        return self.pending[-1]

    def split(self, tracker: Tracker, graph: Graph | None = None) -> list[Forward]:
        """The waiting passes that made a loss: the last ones. Those before them were evaluation, and are recorded.

        Args:
            tracker: The training that the loss belongs to.
            graph: The loss's graph, if it was read: it tells at the start, when no number of passes is usual yet.
        """
        pending, self.pending = self.pending, []
        for forward in pending:
            forward.recorded = forward.recorded or forward.given_history
        recorded = [f for f in pending if f.recorded]
        count = len(recorded)
        if tracker.forwards_per_backward is None or count < tracker.forwards_per_backward:
            tracker.forwards_per_backward = max(count, 1)
        # More passes than usual before this loss: the surplus at the front was evaluation with gradients on.
        surplus = max(0, count - max(tracker.forwards_per_backward, 1)) if tracker.step > 1 else 0
        training = recorded[surplus:]
        if graph is not None and tracker.step <= 1:
            training = _reached(training, graph)
        if len(training) < len(pending):
            self.record([f for f in pending if not any(f is t for t in training)])
        return training

    def record(self, forwards: list[Forward]) -> None:
        """Group evaluation passes by the model and the place they were called from."""
        groups: dict[tuple[int, Any], list[Forward]] = {}
        for forward in forwards:
            if not forward.feeds_model:
                groups.setdefault((id(forward.model()), forward.path), []).append(forward)
        for group in groups.values():
            tracker = self.tracker_of(group[0].model())
            if tracker is not None:
                tracker.evaluations.extend(evaluations(tracker, group, self._source(group[0])))

    def _source(self, forward: Forward) -> str:
        """A name for the place of a pass: its lines, and a number where calls share them."""
        if forward.path not in self._sources:
            lines = forward.source
            alike = sum(path != forward.path and name.split("#")[0] == lines for path, name in self._sources.items())
            self._sources[forward.path] = f"{lines}#{alike + 1}" if alike else lines
        return self._sources[forward.path]

    def finish(self) -> None:
        """What still waits at the end was evaluation."""
        self.record([f for f in self.pending if not f.recorded])
        self.pending = []


def _reached(forwards: list[Forward], graph: Graph) -> list[Forward]:
    """Those whose output the loss depends on or another model got; all of them if none shows."""
    reached = [f for f in forwards if f.output is None or any(map(graph.holds, tensors_in(f.output)[:8]))]
    return [f for f in forwards if f.feeds_model or any(f is r for r in reached)] if reached else forwards


def _attribute(forward: Forward, kind: str, call: LossCall) -> None:
    """Note a loss with the pass whose output it received; that of an evaluation by its value."""
    if call.value.grad_fn is None and call.value.numel() == 1:
        if isinstance(call.input, Tensor) and not forward.recorded:
            value, shape = float(call.value) / call.divisor, tuple(call.input.shape[1:])
            forward.losses.append(ScoredLoss(kind, value, shape, row_losses(call)))
    else:
        forward.calls.append((kind, call))
