"""The picture of most experiments: a prediction and its measurement over one axis."""

from collections.abc import Sequence

from rhobar.probes.estimate import Estimate
from rhobar.probes.survey import Curve, Plot

__all__ = ["versus"]


def versus(
    title: str,
    x_label: str,
    y_label: str,
    x: Sequence[float | int],
    predicted: Sequence[float | int],
    measured: Sequence[Estimate | float | int],
    *,
    log: bool = False,
) -> Plot:
    """Draw what was predicted beside what was measured, with its error bars.

    Args:
        title: What is to be seen.
        x_label: Name and unit of x.
        y_label: Of the values.
        x: Places.
        predicted: Values of the theory there.
        measured: Values seen there.
        log: Whether x is best seen on a logarithmic axis.

    Example:
        >>> [curve.name for curve in versus("rate", "n", "loss", [1.0], [2.0], [Estimate(2.1, 0.1)]).curves]
        ['predicted', 'measured']
    """
    seen = [m if isinstance(m, Estimate) else Estimate(float(m), 0.0) for m in measured]
    places = tuple(float(place) for place in x)
    return Plot(
        title,
        x_label,
        y_label,
        (
            Curve("predicted", places, tuple(float(p) for p in predicted)),
            Curve("measured", places, tuple(m.value for m in seen), tuple(m.stderr for m in seen)),
        ),
        log=log,
    )
