"""Search: try settings until enough have been tried; stop bad ones early; go on after a kill.

The trials stand in an Optuna storage. Several processes, also on several hosts, may call `search` with the same storage
and name: they share the trials out among them and each returns when `num_trials` have been made in all. A trial that a
killed process left unfinished is taken up again with the same settings; finished ones are never repeated.

References:
    Akiba et al. (2019), Optuna: a next-generation hyperparameter optimization framework.
    Bergstra et al. (2011), Algorithms for hyper-parameter optimization, section 4 (tree-structured Parzen estimator).
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from rhobar.select.search.points import grid_points
from rhobar.select.search.space import Choice, Integer, Space

if TYPE_CHECKING:
    import optuna

__all__ = ["Method", "Report", "Search", "Trial", "search"]

Method = Literal["bayesian", "random", "grid"]
Report = Callable[[int, float], None]
"""(step, score so far): to be called from the objective; it does not return where the trial is to be given up."""


@dataclass(frozen=True)
class Trial:
    """One point and what came of it.

    Attributes:
        number: From 0 on, in the order of their starts.
        settings: Name ↦ value.
        value: The score; of a pruned trial the last one reported, if any.
        pruned: Whether it was given up early.
    """

    number: int
    settings: Mapping[str, Any]
    value: float | None
    pruned: bool


@dataclass(frozen=True)
class Search:
    """What a search found.

    Attributes:
        best: The finished trial with the best score; ``None`` while none is finished.
        trials: All trials that ended, in the order of their starts.
    """

    best: Trial | None
    trials: tuple[Trial, ...]


def search(
    objective: Callable[[Mapping[str, Any], Report], float],
    space: Space,
    *,
    num_trials: int,
    method: Method = "bayesian",
    maximize: bool = False,
    prune: bool = True,
    storage: str | None = None,
    name: str = "search",
    of: str = "",
    seed: int = 0,
    grid_size: int | Mapping[str, int] = 3,
) -> Search:
    """Try settings from a space; return all trials and the best.

    Args:
        objective: (settings, report) ↦ score. It may call ``report(step, score)`` as it goes. A score that is not a
            number counts as the worst.
        space: Name ↦ `Real`, `Integer` or `Choice`.
        num_trials: How many in all, those made before and elsewhere included; a grid ends when it is exhausted.
        method: ``bayesian`` (tree-structured Parzen estimator after 10 random trials), ``random`` or ``grid``.
        maximize: Whether a higher score is better.
        prune: Give a trial up whose reported score is worse than the median of the others at that step, once five
            have finished.
        storage: An Optuna URL such as ``sqlite:///search.db``; ``None`` keeps the trials in memory.
        name: Of the search within the storage.
        of: What is searched, in words or as a recipe; a search that was begun with another is refused.
        seed: Random search makes the same trials for the same seed, however many processes share them.
        grid_size: Values a parameter, for ``grid``.

    Returns:
        The trials.

    Raises:
        ValueError: If the space is empty, the method unknown, or no trial allowed; or if the search of this name was
            begun in the other direction or of something else.

    Example:
        >>> from rhobar.select import Real
        >>> found = search(
        ...     lambda s, report: (s["x"] - 2) ** 2, {"x": Real(0.0, 4.0)}, num_trials=5, method="grid", grid_size=5
        ... )
        >>> found.best.settings
        {'x': 2.0}

    Textbook: C-§10.1.2, C95.
    """
    if not space or method not in ("bayesian", "random", "grid") or num_trials < 1:
        raise ValueError(
            "A space with a parameter, the method 'bayesian', 'random' or 'grid' and a trial at least are needed; "
            f"got {dict(space)}, {method!r} and {num_trials}."
        )
    from rhobar.select.search.shared import Shared

    queue = [_stored(space, point) for point in grid_points(space, grid_size)] if method == "grid" else []
    if queue:
        num_trials = min(num_trials, len(queue))
    worst = -math.inf if maximize else math.inf

    def run(trial: "optuna.Trial") -> float:
        import optuna

        def report(step: int, score: float) -> None:
            trial.report(worst if math.isnan(score) else score, step)
            if prune and trial.should_prune():
                raise optuna.TrialPruned

        score = float(objective({key: _suggest(trial, key, parameter) for key, parameter in space.items()}, report))
        return worst if math.isnan(score) else score

    shared = Shared(storage, name, maximize=maximize, method=method, seed=seed, of=of)
    shared.work(run, num_trials, queue)
    return _result(shared.study, space)


def _suggest(trial: "optuna.Trial", name: str, parameter: object) -> Any:  # noqa: ANN401
    """Ask the trial for a value of this parameter."""
    if isinstance(parameter, Choice):
        table = _table(parameter)
        return table[trial.suggest_categorical(name, list(table))]
    if isinstance(parameter, Integer):
        return trial.suggest_int(name, parameter.low, parameter.high, log=parameter.log)
    return trial.suggest_float(name, parameter.low, parameter.high, log=parameter.log)  # type: ignore[attr-defined]


def _table(choice: Choice) -> dict[Any, Any]:
    """Return what the storage holds ↦ the value: a list or tuple is stored in words."""
    return {v if v is None or isinstance(v, bool | int | float | str) else repr(v): v for v in choice.values}


def _stored(space: Space, point: Mapping[str, Any]) -> dict[str, Any]:
    """Return a point as the storage holds it."""
    words = {key: {repr(v): k for k, v in _table(of).items()} for key, of in space.items() if isinstance(of, Choice)}
    return {key: words[key][repr(value)] if key in words else value for key, value in point.items()}


def _result(study: "optuna.Study", space: Space) -> Search:
    from optuna.trial import TrialState

    ended = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE, TrialState.PRUNED))
    tables = {key: _table(of) for key, of in space.items() if isinstance(of, Choice)}

    def settings(t: "optuna.trial.FrozenTrial") -> dict[str, Any]:
        return {key: tables[key].get(value, value) if key in tables else value for key, value in t.params.items()}

    trials = tuple(Trial(t.number, settings(t), t.value, t.state == TrialState.PRUNED) for t in ended)
    finished = [t for t in trials if not t.pruned and t.value is not None]
    sign = -1.0 if study.direction.name == "MAXIMIZE" else 1.0
    best = min(finished, key=lambda t: sign * t.value, default=None)  # type: ignore[operator]
    return Search(best, trials)
