"""Representations of different inputs that have become parallel.

## What it does
Sends a kept batch through a copy of the trained network and takes, of what enters every map, the share r² of its
energy that tells rows apart. Fires when this is below the threshold where the last map reads it, although the data
themselves differ, and the training fell short.

## Why it harms
The layers above see one and the same vector for every input: they can answer a constant, and little else.

## Known false alarms
A network that has learned one answer because there is nothing else to learn shows it, too; the labels are then the
cause, and it is told beneath them. Dropout makes rows differ by chance, so the copy runs without it, unless the network
has batch normalisation.

## Threshold
r² ≤ 1/T, T the number of steps, held between 10³ and 10⁴. The squared loss of the map above has the curvature ‖h̄‖²
along the common direction and at most r²‖h‖² along any difference. The largest stable rate is 2/‖h̄‖², and at it a
difference is learned by a factor of e^(−2 r² T) at best: by e^(−2) in the whole training. Data are collapsed by the
same measure where they are far from zero mean; that is unscaled-inputs, and not said here.

## Example
Thirty ReLU layers without skips (r² ≈ 9π²/2l² after l of them), twenty graph convolutions, attention without skips.

## Remedy
Skip connections, a normalisation over the batch, fewer layers, an orthogonal start.

## References
Dong, Cordonnier & Loukas (2021), Attention is not all you need: pure attention loses rank doubly exponentially with
depth; Daneshmand et al. (2020), Batch normalization provably avoids rank collapse; Li, Han & Wu (2018), Deeper insights
into graph convolutional networks.
"""

from rhobar.diagnose.progress import MIN_STEPS, progress
from rhobar.diagnose.rule import Outcome, Seen, rule, unchecked
from rhobar.diagnose.shortfall import fell_short
from rhobar.record import Evidence, Record, Remedy, Training

__all__ = ["rank_collapse"]

_SHORTEST, _LONGEST = 1_000, 10_000


@rule(
    "rank-collapse",
    kind="symptom",
    why="Each layer mixes rows, or adds what they have in common; after some layers nothing but that is left.",
    remedy=Remedy(
        "Add skip connections or batch normalisation, or take fewer layers.",
        "x = x + self.block(self.norm(x))",
    ),
    explains=("not-learning", "underfitting", "learning-rate-too-low", "too-few-epochs"),
    references=(
        "Dong, Cordonnier & Loukas (2021), Attention is not all you need, eq. 3",
        "Daneshmand et al. (2020), Batch normalization provably avoids rank collapse",
        "Li, Han & Wu (2018), Deeper insights into graph convolutional networks",
    ),
)
def rank_collapse(training: Training, record: Record) -> Outcome:
    """Fire if the last map reads one vector for all rows, the data differ, and the training fell short."""
    course = progress(training)
    if course is None or course.num_steps < MIN_STEPS:
        return unchecked("rank-collapse", f"needs {MIN_STEPS} backward passes")
    hidden = [r for r in training.representations if not r.data]
    if not hidden:
        return unchecked("rank-collapse", "no kept batch could be run again through a network of several maps")
    limit = 1 / min(max(training.num_steps, _SHORTEST), _LONGEST)
    given = [r for r in training.representations if r.data]
    flat = [r for r in hidden if r.apart + 3 * r.stderr <= limit]
    same_data = bool(given) and min(r.apart for r in given) <= limit
    if not flat or flat[-1] is not hidden[-1] or same_data or not fell_short(training, course):
        return None
    first, last = flat[0], flat[-1]
    data = f"; of the data it is {given[0].apart:.2g}" if given else ""
    return Seen(
        summary=f"Of the signal that {last.name} reads, a share of {last.apart:.2g} tells one row from another{data}. "
        f"The rows are parallel from {first.name} on.",
        severity=0.7,
        confidence=0.85,
        where=tuple(r.name for r in flat),
        evidence=(
            Evidence(f"share of the energy before {last.name} that differs by row", last.apart, limit, "", last.stderr),
        ),
    )
