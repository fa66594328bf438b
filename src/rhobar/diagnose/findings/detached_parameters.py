"""Trainable parameters, in the optimizer's hands, that no loss can reach.

## What it does
Lists the parameters that are trainable, held by an optimizer and whose module ran forward, but which no
loss's graph led to in any training of this program. Also fires when backward itself refused: "does not
require grad".

## Why it harms
A `.detach()`, `.data`, `torch.no_grad()`, `.item()` or `torch.tensor(x)` in the forward pass cuts the graph:
everything above the cut stays as it was drawn.

## Known false alarms
Heads that never ran are not used; teachers and target networks are not held by an optimizer; frozen layers
are not trainable; a discriminator's generator is reached by its own loss. A module that runs but whose output
is ignored (the pooler of an encoder) looks the same as a cut, so a training that did not fall short is
accused only if the cut takes the input's own first weights or a tenth of all weights.

## Threshold
One unreached parameter is enough where the training fell short. Otherwise a tenth of the held weights: an
ignored pooler of an encoder with n blocks of 12 d² weights is at most 1/(12 n) < 10 % of them.

## Example
`h = self.encoder(x).detach()`

## Remedy
Take the cut away, or hand only the parameters meant to be trained to the optimizer.

## References
PyTorch documentation, Autograd mechanics.
"""

import math

from rhobar.diagnose.progress import progress
from rhobar.diagnose.rule import Outcome, Seen, rule, unchecked
from rhobar.diagnose.shortfall import fell_short
from rhobar.record import Evidence, ParameterFacts, Record, Remedy, Training

__all__ = ["detached_parameters"]

_SHARE = 0.1


@rule(
    "detached-parameters",
    kind="cause",
    why="Something in the forward pass cuts the autograd graph (detach, no_grad, .data, .item(), a new "
    "tensor), "
    "so no gradient passes it.",
    remedy=Remedy(
        "Keep the value a tensor of the graph all the way to the loss.", "h = self.encoder(x)  # no .detach()"
    ),
    explains=(
        "not-learning",
        "underfitting",
        "vanishing-gradient",
        "too-little-capacity",
        "learning-rate-too-low",
        "no-optimizer-step",
        "too-few-epochs",
    ),
    references=("PyTorch documentation, Autograd mechanics",),
)
def detached_parameters(training: Training, record: Record) -> Outcome:
    """Fire if held, trainable parameters that took part are never reached by a loss."""
    if _refused(training, record):
        return Seen(
            summary=f"backward() refused after {len(training.losses)} passes: the loss does not depend on "
            "any "
            "parameter through the autograd graph.",
            severity=1.0,
            confidence=0.95,
            evidence=(Evidence("parameters that the loss reaches", 0.0, 1.0),),
        )
    if not training.parameters or not training.losses:
        return unchecked("detached-parameters", "no parameters or no backward pass were seen")
    elsewhere = {p.name for t in record.trainings if t is not training for p in t.parameters if p.reached}
    candidates = [p for p in training.parameters if p.trainable and p.held and p.used]
    cut = [p for p in candidates if not p.reached and p.name not in elsewhere]
    if not cut or len(training.losses) < 2:
        return None
    course = progress(training)
    harmed = course is not None and fell_short(training, course)
    share = sum(map(_size, cut)) / max(sum(map(_size, candidates)), 1)
    first = next((p for p in candidates if len(p.shape) >= 2), candidates[0])
    if not (harmed or share >= _SHARE or first in cut):
        return None
    return Seen(
        summary=f"{len(cut)} of {len(candidates)} parameters ({share:.0%} of the weights) took part in the "
        "forward pass "
        f"and are held by the optimizer, but the loss does not reach them: {_names(cut)}.",
        severity=0.95 if harmed else 0.7,
        confidence=0.95,
        where=tuple(p.name for p in cut),
        evidence=(
            Evidence("parameters that the loss does not reach", float(len(cut)), 0.0),
            Evidence("their share of the weights", share, _SHARE),
        ),
    )


def _refused(training: Training, record: Record) -> bool:
    """Whether the script ended because backward found no graph, in this (the last) training."""
    failure = record.failure
    last = not record.trainings or record.trainings[-1] is training
    return last and failure is not None and "does not require grad" in failure.message


def _size(parameter: ParameterFacts) -> int:
    return math.prod(parameter.shape)


def _names(parameters: list[ParameterFacts]) -> str:
    shown = ", ".join(p.name for p in parameters[:3])
    return shown + (", …" if len(parameters) > 3 else "")
