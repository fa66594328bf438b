"""A bias in front of a normalisation that subtracts it again.

## What it does
Looks in the graph for a bias with one value per channel whose signal goes to a batch normalisation by the batch's own
mean (train mode), to an instance normalisation or to a group normalisation of one channel a group, with nothing but
views and shifts between, and nowhere else. Fires, as a note, where that bias gets no gradient beyond rounding.

## Why it harms
It does not harm: BN(Wx + b) = BN(Wx), so b holds memory and optimizer state and does nothing. The shift β of
the normalisation takes its place.

## Threshold
In exact arithmetic the gradient is 0: it is the sum over the batch of dL/dz, whose mean batch norm's backward
pass takes off. In floats with n terms it is about √n ε of what the weight's gradient is, 10⁻⁵ for ten thousand
terms. The limit is √ε = 3.5·10⁻⁴, half the digits of a float32: rounding does not reach it, and a bias that acts
is far above.

## Known false alarms
None known. A bias of layer normalisation is never meant: there the mean is taken over the features, and of a
vector of biases only its mean is lost. A bias that a penalty in the loss reaches has a gradient and is passed over,
as is one under autocast, whose rounding is coarser than the limit.

## Example
`nn.Conv2d(3, 16, 3), nn.BatchNorm2d(16)`

## Remedy
`bias=False`.

## References
Ioffe & Szegedy (2015), Batch normalization, section 3.2.
"""

from statistics import median, stdev

from rhobar.diagnose.rule import Outcome, Seen, rule, unchecked
from rhobar.record import Evidence, Record, RedundantBias, Remedy, Training

__all__ = ["redundant_bias"]

ROUNDING = 2**-11.5
"""√ε of float32."""


@rule(
    "redundant-bias",
    kind="note",
    why="The normalisation subtracts the mean of each channel, and with it whatever the bias has added.",
    remedy=Remedy(
        "Leave the bias out; the shift of the normalisation does its work.",
        "nn.Sequential(nn.Conv2d(3, 16, 3, bias=False), nn.BatchNorm2d(16), nn.ReLU())",
    ),
    references=("Ioffe & Szegedy (2015), Batch normalization, section 3.2",),
)
def redundant_bias(training: Training, record: Record) -> Outcome:
    """Note biases that a normalisation removes and that get no gradient."""
    if training.structure.num_maps == 0:
        return unchecked("redundant-bias", "the operations between data and loss were not seen")
    measured = {b.name: (b, _ratios(training, b)) for b in training.structure.redundant_biases}
    found = {name: (b, ratios) for name, (b, ratios) in measured.items() if ratios and median(ratios) <= ROUNDING}
    if not found:
        return None
    worst = max(found, key=lambda name: median(found[name][1]))
    ratios = found[worst][1]
    size, first = sum(b.size for b, _ in found.values()), next(iter(found))
    return Seen(
        summary=f"{'The bias' if len(found) == 1 else f'{len(found)} biases'} before a normalisation "
        f"({first}{', …' if len(found) > 1 else ''}) {'does' if len(found) == 1 else 'do'} nothing: the "
        f"normalisation subtracts {size} learned values again.",
        severity=0.05,
        confidence=0.95,
        where=tuple(found),
        evidence=(
            Evidence(
                f"gradient of {worst} over that of its weight",
                median(ratios),
                ROUNDING,
                stderr=stdev(ratios) / len(ratios) ** 0.5 if len(ratios) > 1 else None,
            ),
        ),
    )


def _ratios(training: Training, bias: RedundantBias) -> list[float]:
    """Size of the bias's gradient over that of its weight, at every reading."""
    found = []
    for reading in training.readings:
        gradients = {p.name: p.gradient for p in reading.parameters if p.name in (bias.name, bias.weight)}
        mine, weight = gradients.get(bias.name), gradients.get(bias.weight)
        if mine is not None and weight:
            found.append(mine / weight)
    return found
