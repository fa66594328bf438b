"""Batches so large that a round through the data is one or two steps.

## What it does
Fires when a batch holds half of the rows or more (and at least 256 of them), and a copy of the network that goes on for
as many steps again, a hundred at least, gains a tenth of the task on rows kept apart.

## Why it harms
Beyond the gradient noise scale B* = tr Σ/‖g‖² a larger batch makes the step no better: its direction is already
that of the mean gradient. What the optimizer lacks then is steps, and every one of them costs a round through the data.

## Threshold
Half of the rows: fewer than three steps in a round. 256 rows: the mean gradient of smaller batches still scatters by
more than a sixteenth of one row's. The gain is that of too-few-epochs: a tenth of the constant answer's
loss and three standard errors.

## Known false alarms
Methods that need the whole gradient (L-BFGS) are left alone. More rounds would help, too: where the data are few and
rounds cheap, that is the simpler cure, which is why too-few-epochs is said as well.

## Example
`for epoch in range(20): loss = criterion(model(x_train), y_train); ...` on thousands of rows

## Remedy
Batches of 32 to 256 rows, shuffled every epoch.

## References
McCandlish, Kaplan, Amodei et al. (2018), An empirical model of large-batch training; Keskar et al. (2017), On
large-batch training for deep learning.
"""

from rhobar.diagnose.harm import left_undone
from rhobar.diagnose.rule import Outcome, Seen, rule, unchecked
from rhobar.record import Evidence, Record, Remedy, Training

__all__ = ["batch_size_misfit"]

LARGE, SHARE = 256, 0.5


@rule(
    "batch-size-misfit",
    kind="cause",
    why="Each round through the data is one or two steps, and the steps are too few.",
    remedy=Remedy(
        "Take mini-batches of 32 to 256 rows, shuffled every epoch.",
        "for rows in torch.randperm(len(x)).split(64):\n    loss = criterion(model(x[rows]), y[rows])",
    ),
    explains=("underfitting", "not-learning"),
    references=(
        "McCandlish et al. (2018), An empirical model of large-batch training",
        "Keskar et al. (2017), On large-batch training for deep learning",
    ),
)
def batch_size_misfit(training: Training, record: Record) -> Outcome:
    """Fire if a batch is half of the data and further steps still bring much."""
    rows, largest = training.num_rows_distinct, max(training.batch_sizes, default=0)
    if rows is None or not training.epoch_length:
        return unchecked("batch-size-misfit", "how many rows there are was not seen")
    if largest < LARGE or largest < SHARE * rows or (further := left_undone(training)) is None:
        return None
    return Seen(
        summary=f"Each batch holds {largest} of about {rows} rows, so the {training.num_rows_seen / rows:.0f} rounds "
        f"through the data made {training.num_steps} steps; a copy that takes {further.num_steps} more comes from "
        f"{further.before:.3g} to {further.after:.3g}.",
        severity=0.4,
        confidence=0.7,
        evidence=(
            Evidence("share of the rows in a batch", largest / rows, SHARE),
            Evidence("fall of the loss in further steps", further.gain, stderr=further.stderr),
        ),
    )
