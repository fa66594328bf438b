"""A study that several processes share, and that outlives each of them (extra `search`)."""

import contextlib
import os
import socket
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

try:
    import fcntl
except ImportError:  # no such locks on Windows
    fcntl = None  # type: ignore[assignment]
try:
    import optuna
except ImportError as error:
    raise ImportError("Searching needs optuna; install it with `pip install rhobar[search]`.") from error
from optuna.trial import FrozenTrial, TrialState

from rhobar.select.search.samplers import QUEUED, SAMPLERS, SeededByTrial

__all__ = ["Shared"]

_OWNER, _ERROR, _OF = "owner", "error", "of"
_NAMED_WITHIN = 20
"""Seconds within which a process puts its name to a trial that it has made."""
_BEAT, _GRACE = 30, 120
"""Seconds between the signs of life that a trial leaves in the storage, and after which it counts as dead."""


class _Surplus(Exception):
    """Another process was faster: enough trials are under way."""


class Shared:
    """An Optuna study, opened or made.

    Args:
        storage: An Optuna URL, or ``None`` for memory.
        name: Of the study.
        maximize: Direction.
        method: `SAMPLERS` or ``grid``.
        seed: Of the sampler.
        of: What is searched.

    Raises:
        ValueError: If a study of this name exists with the other direction, or of something else.
    """

    def __init__(self, storage: str | None, name: str, *, maximize: bool, method: str, seed: int, of: str = "") -> None:
        direction = "maximize" if maximize else "minimize"
        make = SAMPLERS.get(method, SAMPLERS["random"])  # a grid's points are queued; nothing is left to draw
        with _quiet():
            self.study = optuna.create_study(
                storage=_opened(storage), study_name=name, direction=direction, load_if_exists=True,
                sampler=SeededByTrial(make, seed), pruner=optuna.pruners.MedianPruner(n_startup_trials=5),
            )  # fmt: skip
        if self.study.direction.name.lower() != direction:
            raise ValueError(
                f"The search {name!r} in {storage} was begun to {self.study.direction.name.lower()}, not to "
                f"{direction}; give it another name."
            )
        if of and self.study.user_attrs.setdefault(_OF, of) != of:
            raise ValueError(
                f"The search {name!r} in {storage} was begun of something else (another recipe or space); its "
                "trials do not compare. Give this one another name."
            )
        if of:
            self.study.set_user_attr(_OF, of)

    def work(
        self, run: Callable[[optuna.Trial], float], num_trials: int, queue: Sequence[Mapping[str, Any]] = ()
    ) -> None:
        """Make trials until there are `num_trials`, those of other processes included.

        Args:
            run: The objective, in Optuna's form.
            num_trials: How many in all.
            queue: Settings to try, each once, instead of drawn ones.
        """
        owner = f"{socket.gethostname()}:{os.getpid()}"

        def objective(trial: optuna.Trial) -> float:
            trial.set_user_attr(_OWNER, owner)
            self._refuse_surplus(trial, num_trials)
            try:
                return run(trial)
            except optuna.TrialPruned:
                raise
            except Exception as error:
                trial.set_user_attr(_ERROR, f"{type(error).__name__}: {error}")
                raise

        with _quiet():
            while True:
                self._bury_dead()
                if len(self._counted()) >= num_trials:
                    if not any(_is_nameless(trial) for trial in self._counted()):
                        return
                    time.sleep(0.5)  # it gets its owner in a moment, or its process was killed before that
                    continue
                self._enqueue([*self._interrupted(), *queue])
                self.study.optimize(objective, n_trials=1, catch=(_Surplus,))

    def _counted(self) -> list[FrozenTrial]:
        """Return the trials that ended or are under way."""
        return [t for t in self.study.get_trials(deepcopy=False) if t.state in _COUNTED]

    def _refuse_surplus(self, trial: optuna.Trial, num_trials: int) -> None:
        """End this trial if others that began earlier suffice, or make the same one.

        Raises:
            _Surplus: If so.
        """
        earlier = [t for t in self._counted() if t.number < trial.number]
        queued = trial.user_attrs.get(QUEUED)
        if len(earlier) >= num_trials or (queued and any(t.user_attrs.get(QUEUED) == queued for t in earlier)):
            trial.set_user_attr(_ERROR, "surplus")
            raise _Surplus

    def _bury_dead(self) -> None:
        """Mark the trials as failed whose process is no longer alive."""
        for trial in self.study.get_trials(deepcopy=False):
            if trial.state == TrialState.RUNNING and (_is_dead(trial.user_attrs.get(_OWNER)) or _is_forgotten(trial)):
                self.study.tell(trial.number, state=TrialState.FAIL, skip_if_finished=True)

    def _interrupted(self) -> list[Mapping[str, Any]]:
        """Return the settings of trials that failed without an error of their own: they deserve another start."""
        failed = self.study.get_trials(deepcopy=False, states=(TrialState.FAIL,))
        return [t.params for t in failed if t.params and _ERROR not in t.user_attrs]

    def _enqueue(self, points: Sequence[Mapping[str, Any]]) -> None:
        """Queue the points that nobody has queued yet; a point that two processes queue is made once."""
        known = [t.user_attrs.get(QUEUED) for t in self.study.get_trials(deepcopy=False) if t.state in _ALIVE]
        for point in points:
            if dict(point) not in known:
                self.study.enqueue_trial(dict(point), user_attrs={QUEUED: dict(point)})
                known.append(dict(point))


_COUNTED = (TrialState.COMPLETE, TrialState.PRUNED, TrialState.RUNNING)
_ALIVE = (*_COUNTED, TrialState.WAITING)


def _is_nameless(trial: FrozenTrial) -> bool:
    """Whether a trial runs that no process has put its name to yet."""
    return trial.state == TrialState.RUNNING and _OWNER not in trial.user_attrs


def _is_forgotten(trial: FrozenTrial) -> bool:
    """Whether the process that made a trial was killed before it put its name to it."""
    began = trial.datetime_start
    return _is_nameless(trial) and began is not None and datetime.now() - began > timedelta(seconds=_NAMED_WITHIN)


def _is_dead(owner: str | None) -> bool:
    """Whether the owner is a process of this host that has ended; of others only their silence tells."""
    if owner is None:
        return False
    host, _, pid = owner.rpartition(":")
    if host != socket.gethostname():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False


def _opened(url: str | None) -> optuna.storages.BaseStorage | None:
    """Open a storage with signs of life; several processes wait for each other up to a minute at an SQLite file."""
    if url is None:
        return None
    if url.startswith("sqlite:///"):
        path = Path(url.removeprefix("sqlite:///")).absolute()
        path.parent.mkdir(parents=True, exist_ok=True)
        options = {"connect_args": {"timeout": 60}}
        with _alone(path.with_name(f"{path.name}.lock")):  # two that make the tables at once collide
            return optuna.storages.RDBStorage(url, options, heartbeat_interval=_BEAT, grace_period=_GRACE)
    options = {}
    if "://" in url and not url.startswith(("redis://", "journal://")):
        return optuna.storages.RDBStorage(url, options, heartbeat_interval=_BEAT, grace_period=_GRACE)
    return optuna.storages.get_storage(url)


@contextlib.contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Hold a lock that other processes on this machine wait for; the system frees it when this one is killed."""
    if fcntl is None:
        yield
        return
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep Optuna's log and its notes on experimental parts from the terminal."""
    level = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            yield
    finally:
        optuna.logging.set_verbosity(level)
