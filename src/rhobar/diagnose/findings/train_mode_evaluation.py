"""The model was evaluated in train mode.

## What it does
Looks at the evaluations after training began whose loss or accuracy was computed on rows that were not
trained on. Fires when most of them ran in train mode and the model has dropout or batch normalisation.

## Why it harms
Dropout adds noise to every answer; batch normalisation makes one row's answer depend on the others of its
batch, and lets the validation data into its running statistics.

## Known false alarms
Passes without loss or labels (samples of a generator, statistics recomputed after weight averaging) and
measurements on training rows are not counted. Monte-Carlo dropout evaluates in train mode on purpose; it is
then true and intended.

## Threshold
Half of the rows evaluated: a loop sets the mode or forgets it.

## Example
`with torch.no_grad(): validate(model)` without `model.eval()`.

## Remedy
`model.eval()` before, `model.train()` after.

## References
Ioffe & Szegedy (2015); Gal & Ghahramani (2016).
"""

from rhobar.diagnose.rule import Outcome, Seen, rule, unchecked
from rhobar.record import Evaluation, Evidence, Record, Remedy, Training

__all__ = ["train_mode_evaluation"]

_SHARE = 0.5


@rule(
    "train-mode-evaluation",
    kind="cause",
    why="In train mode dropout makes the answers noisy, and batch normalisation mixes the rows of a batch "
    "and learns "
    "from the validation data.",
    remedy=Remedy("Evaluate in eval mode.", "model.eval()\nwith torch.no_grad():\n    ..."),
    explains=("overfitting", "degenerate-batch-norm", "miscalibration"),
    references=(
        "Ioffe & Szegedy (2015), Batch normalization",
        "Gal & Ghahramani (2016), Dropout as a Bayesian approximation",
    ),
)
def train_mode_evaluation(training: Training, record: Record) -> Outcome:
    """Fire if most evaluated rows went through the model in train mode and the mode matters."""
    modes = training.modes
    if not (modes.has_dropout or modes.has_batch_norm):
        return None
    seen = [e for e in training.evaluations if _measures(e)] or _repeated(training)
    if not seen:
        return unchecked("train-mode-evaluation", "no evaluation with a loss or labels was seen")
    rows = sum(e.num_rows for e in seen)
    wrong = sum(e.num_rows for e in seen if e.training_mode)
    if rows == 0 or not wrong > _SHARE * rows:
        return None
    layer = f"dropout of up to {modes.max_dropout:g}" if modes.has_dropout else "batch normalisation"
    return Seen(
        summary=f"{sum(e.training_mode for e in seen)} of {len(seen)} evaluations ({wrong} of {rows} rows) "
        "ran in train mode, "
        f"with {layer} active.",
        severity=0.6,
        confidence=0.95,
        evidence=(Evidence("share of evaluated rows in train mode", wrong / rows, _SHARE),),
    )


def _repeated(training: Training) -> list[Evaluation]:
    """Looks at one and the same set of rows that were never trained on, again and again: a score computed by hand."""
    apart = [e for e in training.evaluations if e.step > 0 and e.overlap is not None and e.overlap < 0.1]
    apart = [e for e in apart if (e.source, e.num_rows) == (apart[-1].source, apart[-1].num_rows)]
    return apart if 3 <= len(apart) <= len(training.losses) / 5 and apart[-1].num_rows >= 20 else []


def _measures(evaluation: Evaluation) -> bool:
    """Whether it measured something, on rows other than the training's."""
    apart = evaluation.overlap is None or evaluation.overlap < 0.9
    return evaluation.step > 0 and apart and (evaluation.loss is not None or evaluation.accuracy is not None)
