"""Batch statistics over too few values.

## What it does
Fires when the typical training batch gives a batch normalisation four values per channel or fewer and the
run was hurt, when one value per channel stopped the script, or when the same batch scores far worse with
the running statistics than with its own although nothing else distinguishes the two modes.

## Why it harms
The mean of n values scatters by 1/√n of their deviation: every sample is moved by a noise as large as the
signal.

## Threshold
At n = 4 the mean's error is 1/√4 = ½ of a standard deviation and the variance's relative error √(2/(n −
1)) = 0.82. A single short last batch does not count: the fewest values are scaled from the smallest to
the largest batch size seen. Modes: in eval mode at least twice the loss in train mode, and a quarter of the constant
answer's above it: a batch that was trained on is no worse without the noise of its own statistics, unless the running
ones are not those of the data.

## Known false alarms
None known.

## Example
`nn.BatchNorm1d(64)` with `batch_size=2`

## Remedy
Larger batches, GroupNorm or LayerNorm; drop_last for a last batch of one.

## References
Wu, He (2018), Group normalization; Ioffe (2017), Batch renormalization.
"""

from rhobar.diagnose.harm import harm
from rhobar.diagnose.progress import MIN_STEPS
from rhobar.diagnose.rule import Outcome, Seen, rule, unchecked
from rhobar.record import Evidence, Record, Remedy, Training

__all__ = ["degenerate_batch_norm"]

FEW = 4.0
_TIMES, _GAP = 2.0, 0.25
"""Of the train-mode loss, and of the constant answer's."""


@rule(
    "degenerate-batch-norm",
    kind="cause",
    why="Mean and variance over a few values are mostly noise, and differ from those used in evaluation.",
    remedy=Remedy(
        "Enlarge the batch, or normalise within each sample; drop a last batch of one.",
        "DataLoader(dataset, batch_size=32, shuffle=True, drop_last=True)  # or nn.GroupNorm(8, channels)",
    ),
    explains=(
        "not-learning",
        "underfitting",
        "overfitting",
        "loss-spike",
        "exploding-gradient",
        "batch-size-misfit",
        "train-validation-shift",
        "learning-rate-too-high",
        "learning-rate-too-low",
        "miscalibration",
        "too-little-capacity",
    ),
    references=("Wu, He (2018), Group normalization", "Ioffe (2017), Batch renormalization"),
)
def degenerate_batch_norm(training: Training, record: Record) -> Outcome:
    """Fire if batch statistics come from too few values, with harm."""
    modes, hurt = training.modes, harm(training)
    if record.failure is not None and "more than 1 value per channel" in record.failure.message:
        evidence = (Evidence("values per channel", 1.0, 2.0),)
        return Seen(
            "A batch gave a batch normalisation a single value per channel and stopped the script.",
            1.0,
            0.98,
            evidence,
        )
    if not modes.has_batch_norm:
        return None
    if hurt is None:
        return unchecked("degenerate-batch-norm", "no losses were seen")
    fewest = modes.smallest_norm_batch
    if fewest is not None and training.batch_sizes:
        typical = fewest * max(training.batch_sizes) / max(min(training.batch_sizes), 1)
        worse = (
            modes.eval_loss is not None
            and hurt.course.constant is not None
            and not modes.eval_loss < hurt.course.constant
        )
        if typical <= FEW and (hurt.falls_short or worse):
            return Seen(
                f"Batch normalisation averages over {typical:.0f} values per channel, so its means "
                "scatter by "
                f"{typical**-0.5:.2f} standard deviations.",
                0.7,
                0.85,
                (Evidence("values per channel of a typical batch", typical, FEW),),
            )
    constant, eval_loss, batch_loss = hurt.course.constant, modes.eval_loss, modes.batch_loss
    if constant is None or eval_loss is None or batch_loss is None:
        return None
    if modes.eval_steps > 0 or training.num_steps < MIN_STEPS:
        return None
    if eval_loss < _TIMES * batch_loss or eval_loss - batch_loss < _GAP * constant:
        return None
    return Seen(
        summary=f"The same batch scores {batch_loss:.3g} with its own statistics and {eval_loss:.3g} with the running "
        "ones, which are not those of the data.",
        severity=0.6,
        confidence=0.7,
        evidence=(
            Evidence("loss with the running statistics", eval_loss, _TIMES * batch_loss),
            Evidence("loss with running statistics less with the batch's", eval_loss - batch_loss, _GAP * constant),
        ),
        remedy=Remedy(
            "Let the running statistics average over many batches: torch's momentum is the weight of the newest one.",
            "nn.BatchNorm1d(64, momentum=0.1)",
        ),
    )
