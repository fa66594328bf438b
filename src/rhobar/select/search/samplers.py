"""Samplers whose choices depend on how many trials were drawn before, not on which process makes it (extra `search`).

A sampler with one seed draws the same points again after a restart, and in every worker. Here each trial has its own
seed, so that a search goes on after a kill as if nothing had happened, and random search is the same with any number
of workers.
"""

from collections.abc import Callable, Sequence
from typing import Any

from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler, RandomSampler, TPESampler
from optuna.study import Study
from optuna.trial import FrozenTrial, TrialState

__all__ = ["QUEUED", "SAMPLERS", "SeededByTrial"]

QUEUED = "queued"
"""Attribute of a trial whose settings were not drawn but queued: a point of a grid, or a second start."""


class SeededByTrial(BaseSampler):  # type: ignore[misc]
    """Makes a fresh sampler for every trial, seeded by the search's seed and the number of trials drawn before.

    Args:
        make: Seed ↦ sampler; what it learns it must read from the study.
        seed: Of the search.
    """

    def __init__(self, make: Callable[[int], BaseSampler], seed: int) -> None:
        self._make, self._seed, self._now = make, seed, make(seed)

    def before_trial(self, study: Study, trial: FrozenTrial) -> None:
        """Take the sampler of this trial."""
        others = study.get_trials(deepcopy=False)
        drawn = trial.number - sum(t.number < trial.number and QUEUED in t.user_attrs for t in others)
        self._now = self._make((self._seed * 1_000_003 + drawn) % 2**32)
        self._now.before_trial(study, trial)

    def infer_relative_search_space(self, study: Study, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        """Hand over to the sampler of this trial."""
        return dict(self._now.infer_relative_search_space(study, trial))

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """Hand over to the sampler of this trial."""
        return dict(self._now.sample_relative(study, trial, search_space))

    def sample_independent(
        self, study: Study, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution
    ) -> Any:  # noqa: ANN401
        """Hand over to the sampler of this trial."""
        return self._now.sample_independent(study, trial, param_name, param_distribution)

    def after_trial(self, study: Study, trial: FrozenTrial, state: TrialState, values: Sequence[float] | None) -> None:
        """Hand over to the sampler of this trial."""
        self._now.after_trial(study, trial, state, values)


def _tpe(seed: int) -> BaseSampler:
    """Tree-structured Parzen estimator; trials that run elsewhere count as bad, so that workers spread out."""
    return TPESampler(seed=seed, n_startup_trials=10, constant_liar=True)


SAMPLERS: dict[str, Callable[[int], BaseSampler]] = {"bayesian": _tpe, "random": lambda seed: RandomSampler(seed=seed)}
"""Method ↦ sampler of a seed. The grid needs none: its points are queued."""
