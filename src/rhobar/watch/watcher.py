"""The watcher: attach to torch, watch, detach, and hand out the record."""

import math
import platform
import time
from types import TracebackType

import torch
from torch import nn
from torch.optim.optimizer import Optimizer

from rhobar.record import Failure, Record, Training, Unseen
from rhobar.record.store import Store
from rhobar.watch.exam import examine
from rhobar.watch.feed import Feed
from rhobar.watch.hooks import Hooks
from rhobar.watch.naming import model_label
from rhobar.watch.observer import Observer
from rhobar.watch.price import call_price, event_price
from rhobar.watch.start import Start, Starts
from rhobar.watch.tracker import Tracker

__all__ = ["Watcher"]


class Watcher:
    """Watches every training in this process, or that of one model, between `start` and `stop`.

    Args:
        model: Watch only losses that reach its parameters; ``None`` for all.
        optimizer: Watch also the parameters that it holds.
        budget: Share of the bare run time that watching may add; ``None`` reads everything at every step.
        name: What to call the run.
        keep_start: Keep a copy of the first weights and batches, so that the beginning can be run again.
        store: Write what is seen into it, while the training runs.

    Raises:
        ValueError: If the budget is not positive.
    """

    def __init__(
        self,
        model: nn.Module | None = None,
        optimizer: Optimizer | None = None,
        *,
        budget: float | None = 0.02,
        name: str = "training",
        keep_start: bool = False,
        store: Store | None = None,
    ) -> None:
        if budget is not None and not (budget > 0 and math.isfinite(budget)):
            raise ValueError(
                f"budget must be a positive share of the run time such as 0.02, or None for no limit, got {budget}."
            )
        only = None
        if model is not None:
            only = {id(p) for p in model.parameters()}
            if optimizer is not None:
                only |= {id(p) for group in optimizer.param_groups for p in group["params"]}
        self._observer = Observer(budget, only, Starts() if keep_start else None)
        if model is not None:
            self._observer.names.add_model(model, type(model).__name__)
        self._hooks = Hooks(self._observer)
        self._record = Record(name=name, budget=budget)
        self.store = store
        self._running = False
        self._results: list[tuple[Tracker, Training]] = []
        self._failure: Failure | None = None

    @property
    def observer(self) -> Observer:
        """The state machine that listens."""
        return self._observer

    @property
    def running(self) -> bool:
        """Whether it is listening now."""
        return self._running

    def start(self) -> "Watcher":
        """Start watching."""
        if not self._running:
            clock, before = self._observer.clock, call_price()
            clock.go_on()
            self._hooks.attach()
            clock.per_call, clock.per_event = max(0.0, call_price() - before), event_price()
            self._feed()
            self._running = True
        return self

    def stop(self) -> None:
        """Stop watching and leave nothing behind in torch."""
        if self._running:
            self._hooks.detach()
            self._running = False
            self._observer.finish()
            self._fill(exam=True)
            self._observer.clock.halt()
            self._store()

    def fail(self, kind: str, message: str) -> None:
        """Note the exception that ended the program."""
        self._failure = Failure(kind, message)
        self._record.failure = self._failure

    @property
    def record(self) -> Record:
        """What was seen so far."""
        if self._running:
            self._fill()
        return self._record

    def beginning(self, training: Training) -> tuple[Start, Tracker] | None:
        """How a training of the record began, if that was kept."""
        tracker = next((t for t, made in self._results if made is training), None)
        starts = self._observer.starts
        start = starts.get(id(tracker)) if starts is not None and tracker is not None else None
        return (start, tracker) if start is not None and tracker is not None else None

    def _feed(self) -> None:
        """Begin to write into the store, if there is one."""
        observer = self._observer
        if self.store is not None:
            observer.feed = observer.feed or Feed(self.store, observer.clock, observer.trackers, self._name)
            self.store.start(observer.feed)

    def _store(self) -> None:
        """Write what is left, with what could not be written said in the record."""
        if self.store is not None:
            self.store.stop()
            self._record.unseen.extend(Unseen(f"run store: {what}", why) for what, why in self.store.complaints)
            self.store.finish(self._record)

    def _fill(self, *, exam: bool = False) -> None:
        observer = self._observer
        record = self._record
        record.seconds, record.watch_seconds = observer.clock.elapsed, observer.clock.watched
        record.forwards = observer.passes.forwards
        record.unseen = list(observer.guard.unseen)
        record.environment = {
            "torch": torch.__version__,
            "python": platform.python_version(),
            "threads": str(torch.get_num_threads()),
            "device": "cuda" if torch.cuda.is_initialized() else "cpu",
        }
        watched = [t for t in observer.trackers if t.losses or t.refused]
        results = [(t, training) for t in watched if (training := self._result(t)) is not None]
        self._results = results
        record.trainings = [training for _, training in results]
        if exam:
            start = time.perf_counter()
            for tracker, training in results:
                self._examine(tracker, training)
            record.exam_seconds = time.perf_counter() - start

    def _result(self, tracker: Tracker) -> Training | None:
        """One training as plain data; one that cannot be summarised takes no other with it."""
        try:
            return tracker.result(self._name(tracker))
        except Exception as error:
            self._record.unseen.append(Unseen("a training", f"{type(error).__name__}: {error}"))
            return None

    def _examine(self, tracker: Tracker, training: Training) -> None:
        try:
            reasons = examine(tracker, training)
        except Exception as error:
            reasons = [f"{type(error).__name__}: {error}"]
        self._record.unseen.extend(Unseen(f"exam of {training.name}", reason) for reason in reasons)

    def _name(self, tracker: Tracker) -> str:
        models = [m for ref in list(tracker.models.values()) if (m := ref()) is not None]
        return " + ".join(dict.fromkeys(model_label(m) for m in models)) or "parameters without a module"

    def __enter__(self) -> "Watcher":
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            self.fail(type(error).__name__, str(error))
        self.stop()
