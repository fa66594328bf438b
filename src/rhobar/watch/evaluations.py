"""Passes without a backward pass, put together to looks at a set.

A set is fed in batches of one size, the last of which may be smaller. Passes from one place in which the size grows
again are looks at several sets: `for rows in (train, test): score(model, rows)`.
"""

import math
from itertools import pairwise

from torch import Tensor

from rhobar.record import Evaluation
from rhobar.watch.forwards import Forward, first_tensor, has_values
from rhobar.watch.split_rows import ROWS, sampled
from rhobar.watch.tracker import Tracker, acts_by_mode

__all__ = ["OF_MANY", "evaluations", "input_sample"]

OF_MANY = 16
"""Rows kept of one batch of an evaluation that has many."""
MOST_SETS = 4
"""Sets that one place looks at in turn; more growths of the batch are batches of changing size."""


def evaluations(tracker: Tracker, group: list[Forward], source: str) -> list[Evaluation]:
    """Passes of one model from one place, as one look at each set; a sample of what was looked at is kept.

    Args:
        tracker: The training of the model.
        group: Its passes, in order.
        source: A name for the place.
    """
    looks = _looks(group)
    seen = []
    for look in looks:
        name = f"{source}#{sum(f.rows for f in look)} rows" if len(looks) > 1 else source
        _see_split(tracker, look, name)
        seen.append(_evaluation(tracker, look, name))
    return seen


def _looks(group: list[Forward]) -> list[list[Forward]]:
    """The passes of each set: a new one begins where the batch grows, if sets can be told apart by their size."""
    looks = [[group[0]]]
    for before, forward in pairwise(group):
        if forward.rows > before.rows:
            looks.append([])
        looks[-1].append(forward)
    sizes = {sum(f.rows for f in look) for look in looks}
    return looks if len(sizes) == len(looks) <= MOST_SETS else [group]


def _evaluation(tracker: Tracker, group: list[Forward], source: str) -> Evaluation:
    """Passes of one model from one place, as one look at its quality."""
    kind = tracker.loss.kind if tracker.loss else "custom"
    shape = tracker.loss.output_shape[1:] if tracker.loss else ()
    scored = [(f.rows, *score) for f in group if (score := f.scored(kind, shape)) is not None]
    scored_rows = sum(n for n, _, _ in scored)
    loss = sum(value * n for n, value, _ in scored) / scored_rows if scored_rows else math.nan
    errors = tracker.row_losses.change(source, loss, [rows for _, _, rows in scored])
    x = first_tensor(group[-1].args, group[-1].kwargs)
    # A generator without dropout gives the same samples in either mode, whatever the critic beside it holds.
    model = group[0].model()
    modal = model is None or len(tracker.models) < 2 or acts_by_mode(model)
    return Evaluation(
        step=tracker.step,
        num_batches=len(group),
        num_rows=sum(f.rows for f in group),
        loss=loss if scored_rows else None,
        stderr=errors[0] if errors else None,
        change_stderr=errors[1] if errors else None,
        accuracy=_mean_hits(group),
        training_mode=sum((f.training and modal) or f.dropout > 0 for f in group) * 2 > len(group),
        overlap=tracker.rows.overlap(x) if x is not None and x.shape[0] <= 8192 else None,
        source=source,
    )


def _see_split(tracker: Tracker, group: list[Forward], source: str) -> None:
    """Keep a sample of the evaluated rows, to be held against those trained on."""
    if tracker.splits.wants(source):
        share = max(OF_MANY, ROWS // len(group))
        samples = [f.sample if f.sample is not None else input_sample(f, share) for f in group]
        tracker.splits.evaluate(source, [s for s in samples if s is not None])


def input_sample(forward: Forward, rows: int) -> Tensor | None:
    """Some rows of what entered a pass; ``None`` where nothing is left of it."""
    x = first_tensor(forward.args, forward.kwargs)
    return None if x is None or not has_values(x) else sampled(x, rows)


def _mean_hits(group: list[Forward]) -> float | None:
    """Accuracy over the passes whose labels were seen."""
    seen = [(f.rows, f.hits) for f in group if f.hits is not None]
    return sum(n * hits for n, hits in seen) / max(sum(n for n, _ in seen), 1) if seen else None
