"""Optimizer steps as they happen: which training each one serves, and what it holds."""

import math
import weakref
from typing import Any

from torch import Tensor
from torch.optim.optimizer import Optimizer

from rhobar.watch.clearing import Clearing
from rhobar.watch.guard import Guard
from rhobar.watch.hooks import in_backward
from rhobar.watch.naming import Names
from rhobar.watch.nonfinite import note_bad_gradient
from rhobar.watch.passes import Passes
from rhobar.watch.scaling import skipped_inside
from rhobar.watch.settings import optimizer_facts
from rhobar.watch.tracker import Tracker

__all__ = ["Steps"]

MAX_HELD = 20_000_000
"""Parameters of finished models that are kept in memory until the exam (80 MB in float32)."""
MAX_PHASES = 64
"""Changes of the optimizer whose time is noted."""
FACTS_EVERY = 16
"""Steps between looks at an optimizer's settings; its rate is noted at every step."""


class Steps:
    """The optimizers that step, and the trainings that wait for one.

    Args:
        guard: What listeners run inside.
        names: Names of the parameters.
        passes: Tells which modules were called.
        trackers: The trainings so far; grows while watching.
    """

    def __init__(self, guard: Guard, names: Names, passes: Passes, trackers: list[Tracker]) -> None:
        self._guard, self._names, self.passes, self._trackers = guard, names, passes, trackers
        self.waiting: list[Tracker] = []
        """Trainings with gradients that no step has used yet."""
        self.within: Tracker | None = None
        """The training whose backward pass runs now: optimizers that step in it use its gradients."""
        self.taken = 0
        """Steps of all optimizers so far."""
        self._last: list[Tracker] = []
        self._held: dict[int, weakref.ref[Tensor]] = {}
        self._mine: dict[int, tuple[weakref.ref[Optimizer], list[tuple[int, ...]], set[int]]] = {}
        self._room = MAX_HELD

    def started(self, optimizer: Optimizer) -> None:
        """An optimizer is about to change weights."""
        if self.within is not None and in_backward():
            self._started_within(self.within, optimizer)
            return
        if all(t.updates.latest is None and t.cleared for t in self.waiting):
            return
        with self._guard.contained("optimizer steps") as on:
            if not on:
                return
            for tracker in self.waiting:
                known = tracker.optimizers.get(id(optimizer))
                if known is not None:
                    known[1].look()
                _before_update(tracker, optimizer)

    def _started_within(self, tracker: Tracker, optimizer: Optimizer) -> None:
        """Hooks of parameters let their optimizer step as soon as a gradient is there, and drop it."""
        if tracker.current is None:
            return
        with self._guard.contained("optimizer steps") as on:
            if on:
                tracker.parameters.capture([p for group in optimizer.param_groups for p in group["params"]])

    def ended(self, optimizer: Optimizer) -> list[Tracker]:
        """An optimizer has changed weights: note it with the trainings that it serves, and return them."""
        served: list[Tracker] = []
        self.taken += 1
        with self._guard.contained("optimizer steps") as on:
            if not on:
                return []
            verdict = skipped_inside(optimizer)
            if verdict is not None and verdict.is_cpu and bool(verdict > 0):
                self.skipped(optimizer)
                return []
            served = self._served(optimizer)
            for tracker in served:
                self._serve(tracker, optimizer)
                if verdict is not None and not verdict.is_cpu:
                    tracker.scaling.in_doubt.append(verdict.detach().clone())
            self.rest()
        return served

    def skipped(self, optimizer: Optimizer) -> None:
        """A scaler dropped the gradients that the optimizer was to use."""
        for tracker in self._served(optimizer):
            first = next((ref() for ref, _ in tracker.optimizers.values()), None)
            if tracker.skip(count=first is None or first is optimizer):
                note_bad_gradient(tracker, tracker.step - 1, tracker.parameters.read()[0], "")
        self.rest()

    def rest(self) -> None:
        """Every gradient that waited has been used."""
        if self.waiting:
            self._last = self.waiting
        self.waiting = []

    def _served(self, optimizer: Optimizer) -> list[Tracker]:
        """The trainings whose gradients the optimizer uses."""
        mine = self.held_by(optimizer)
        candidates = [self.within] if self.within is not None and in_backward() else self.waiting or self._last
        served = [t for t in candidates if not t.reached.isdisjoint(mine)]
        if not served and candidates:
            # It holds nothing that the loss reaches: it belongs to the training it stepped with first.
            before = [t for t in self._trackers if id(optimizer) in t.optimizers]
            served = [t for t in before if t in candidates] if before else candidates[-1:]
        return served

    def held_by(self, optimizer: Optimizer) -> set[int]:
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
            if tracker.optimizers and len(tracker.phases) < MAX_PHASES:
                tracker.phases.append(tracker.step)
            known = (weakref.ref(optimizer), Clearing(optimizer))
            known[1].backwards = 1
            tracker.optimizers[id(optimizer)] = known
            self.keep(tracker, optimizer, [p for group in optimizer.param_groups for p in group["params"]])
            for group in optimizer.param_groups:
                for p in group["params"]:
                    tracker.parameters.track(p).held = True
        if tracker.steps < 4:
            self.note_use(tracker)
        first = next(iter(tracker.optimizers.values()))[0]
        if first() is optimizer:
            tracker.steps += 1
            if tracker.optimizer is None or tracker.steps - tracker.optimizer.num_steps >= FACTS_EVERY:
                tracker.optimizer = optimizer_facts(optimizer, tracker.steps)
            tracker.rates.append(float(optimizer.param_groups[0].get("lr", math.nan)))
        known[1].stepped()
        tracker.updates.stepped = bool(tracker.updates.waiting)

    def hold(self, parameters: list[Tensor]) -> None:
        """Say that an optimizer that does not step holds these parameters."""
        for p in parameters:
            self._held[id(p)] = weakref.ref(p)

    def keep(self, tracker: Tracker, thing: Any, parameters: list[Tensor]) -> None:  # noqa: ANN401
        """Keep a small model or optimizer alive for the exam, up to MAX_HELD parameters in all."""
        size = sum(p.numel() for p in parameters)
        if size <= self._room and not any(thing is held for held in tracker.alive):
            self._room -= size
            tracker.alive.append(thing)

    def note_use(self, tracker: Tracker) -> None:
        """Which parameters are held by an optimizer, and whose modules took part in a forward pass."""
        for tracked, tensor in tracker.parameters.live():
            held = self._held.get(id(tensor))
            tracked.held = tracked.held or (held is not None and held() is tensor)
            if not tracked.used:
                owner = self._names.owner(tensor)
                tracked.used = tracked.reached or (owner is not None and self.passes.called(owner))


def _before_update(tracker: Tracker, optimizer: Optimizer) -> None:
    opened = tracker.updates.latest
    if opened is None or opened.reading.step != tracker.step - 1:
        return  # a later backward pass has added to the gradient that was read
    # Gradients that were dropped before the step count as zero: the step applies nothing.
    norm, applied = opened.reading.gradient_norm, tracker.parameters.gradient_norm() or 0.0
    still = getattr(optimizer, "grad_scale", None)  # of an optimizer that unscales in its own kernel
    if isinstance(still, Tensor):
        applied /= float(still)
    if norm and math.isfinite(norm):
        tracker.note_clipping(norm, applied)
