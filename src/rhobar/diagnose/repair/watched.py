"""Repair of a training that a program made: its own first steps are run again with changes.

Of the batches that were kept, three of five are trained on, one chooses and one reports; only those of the first pass
over the data count, so that no row is on two sides. The loop is the one that was seen: clipping, accumulation, rates.
"""

import dataclasses

from rhobar.diagnose.repair.problem import Prepared
from rhobar.diagnose.trials.case import Case, NotReplayable
from rhobar.record import Training
from rhobar.watch.watcher import Watcher

__all__ = ["MOST_STEPS", "started"]

FEWEST = 10
"""Batches, so that two choose and two report."""
MOST_STEPS = 1000
"""Optimizer steps of one training."""


def started(watcher: Watcher, training: Training) -> tuple[Prepared, int]:
    """The beginning of a watched training as a case, and how many steps to take.

    Args:
        watcher: The stopped watcher, which kept how the training began.
        training: The training, of its record.

    Raises:
        NotReplayable: If it cannot be run again, or too few batches were kept.
    """
    beginning = watcher.beginning(training)
    if beginning is None:
        raise NotReplayable("how the training began was not kept")
    case = Case.watched(*beginning, training)
    batches = case.batches[: training.epoch_length or len(case.batches)]
    if len(batches) < FEWEST:
        raise NotReplayable(
            f"{len(batches)} different batches were kept, and {FEWEST} are needed so that some can be held out"
        )
    parts = [[b for i, b in enumerate(batches) if i % 5 in places] for places in ((0, 2, 4), (1,), (3,))]
    case = dataclasses.replace(case, batches=parts[0], judged=parts[1], held_out=True)
    return Prepared(case, parts[2]), min(training.num_steps, MOST_STEPS)
