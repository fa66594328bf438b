"""Ranks of a distributed training hold different weights, or see the same data.

## What it does
Compares, over the ranks of a `DistributedDataParallel` model, samples of every parameter and fingerprints of the
rows that went in, at the steps that were read on all of them.

## Why it harms
Gradients are averaged over ranks as if all of them stood at one point: from different weights the average is the
gradient of no model, and what rank 0 saves is not what the others trained. Ranks that see the same rows compute
the same gradient several times: all but one of them are wasted, and the batch is smaller than it seems.

## Threshold
Weights: the projection of a parameter's sample differs by more than 10⁻⁵ of its root mean square. Synchronous ranks
add the same numbers and hold the same bits. Data: in the median over the readings, at least 0.9 of the rows of a
batch stand in another rank's batch too; a distributed sampler repeats none but its padding.

## Known false alarms
Ranks that train models of their own, or average weights only now and then, do not wrap them in
`DistributedDataParallel` and are not compared. Data of few distinct rows (a handful of tokens) repeat by chance.

## Example
`model.module(x)` instead of `model(x)`, which goes past the averaging; a `DataLoader` with `shuffle=True` and one
seed on all ranks, but no `DistributedSampler`.

## Remedy
Call the wrapped model, load weights before wrapping; give each rank its own part of the data.

## References
Li et al. (2020), PyTorch Distributed: experiences on accelerating data parallel training.
"""

from rhobar.diagnose.rule import Outcome, Seen, rule, unchecked
from rhobar.record import Evidence, Record, Remedy, ReplicaFacts, Training

__all__ = ["replica_divergence"]

_GAP = 1e-5
_SAME = 0.9
_FEWEST = 3
_SAMPLER = Remedy(
    "Give each rank its own part of the data, shuffled anew in every epoch.",
    "sampler = DistributedSampler(dataset)\nloader = DataLoader(dataset, batch_size=64, sampler=sampler)\n"
    "sampler.set_epoch(epoch)  # at the start of every epoch",
)


@rule(
    "replica-divergence",
    kind="cause",
    why="The averaged gradient is that of no model if ranks stand at different weights, and no better than one rank's "
    "if they see the same rows.",
    remedy=Remedy(
        "Call the wrapped model itself, and change its weights on all ranks alike, before it is wrapped.",
        "model.load_state_dict(state)  # on every rank\nmodel = DistributedDataParallel(model)\n"
        "loss = loss_fn(model(x), y)   # not model.module(x)",
    ),
    explains=(
        "not-learning",
        "underfitting",
        "overfitting",
        "loss-spike",
        "exploding-gradient",
        "learning-rate-too-high",
        "learning-rate-too-low",
        "gradient-ascent",
    ),
    references=("Li et al. (2020), PyTorch Distributed: experiences on accelerating data parallel training",),
)
def replica_divergence(training: Training, record: Record) -> Outcome:
    """Fire if weights differ between ranks, or if ranks were fed the same rows."""
    replicas = training.replicas
    if replicas is None:
        return None
    if replicas.steps < _FEWEST:
        return unchecked(
            "replica-divergence",
            f"{replicas.steps} readings of all {replicas.num_ranks} ranks, {_FEWEST} are needed: watch every rank",
        )
    if replicas.parted is not None and replicas.weight_gap > _GAP:
        return _different_weights(replicas, replicas.parted)
    if replicas.same_rows is None or replicas.same_rows < _SAME:
        return None
    return Seen(
        summary=f"{100 * replicas.same_rows:.0f} % of the rows of a batch stood in another rank's batch at the same "
        f"step: {replicas.num_ranks} ranks did the work of fewer.",
        severity=0.7,
        confidence=0.9,
        evidence=(Evidence("share of rows that two ranks had in common", replicas.same_rows, _SAME),),
        remedy=_SAMPLER,
    )


def _different_weights(replicas: ReplicaFacts, step: int) -> Seen:
    names = ", ".join(replicas.parted_names[:3]) + (", …" if len(replicas.parted_names) > 3 else "")
    when = "before the first step" if step == 0 else f"by step {step}"
    return Seen(
        summary=f"The {replicas.num_ranks} ranks hold different weights since {when}: {names}.",
        severity=1.0,
        confidence=0.98,
        where=replicas.parted_names,
        evidence=(
            Evidence("largest difference between ranks, relative to the parameter", replicas.weight_gap, _GAP),
            Evidence("step at which it was first seen", float(step)),
        ),
    )
