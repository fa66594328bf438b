"""The schedules as a recipe names them: those of `rhobar.train.schedules`, with warm-up as an option."""

from collections.abc import Callable

from rhobar.train.schedules import Schedule, constant, cosine, one_cycle, plateau, stepwise, warmup

__all__ = ["SCHEDULES"]


def _constant(*, warmup: int = 0) -> Schedule:
    return _after(warmup, constant())


def _stepwise(*, every: int = 10, factor: float = 0.1, warmup: int = 0) -> Schedule:
    return _after(warmup, stepwise(every, factor))


def _cosine(*, final: float = 0.0, warmup: int = 0) -> Schedule:
    return _after(warmup, cosine(final))


def _one_cycle(*, peak: float = 10.0, rise: float = 0.3) -> Schedule:
    return one_cycle(peak, rise)


def _plateau(*, factor: float = 0.1, patience: int = 5) -> Schedule:
    return plateau(factor, patience)


def _after(steps: int, schedule: Schedule) -> Schedule:
    return warmup(steps, schedule) if steps else schedule


SCHEDULES: dict[str, Callable[..., Schedule]] = {
    "constant": _constant,
    "step": _stepwise,
    "cosine": _cosine,
    "one-cycle": _one_cycle,
    "plateau": _plateau,
}
"""Name ↦ what makes the schedule from the options of ``[schedule]``."""
