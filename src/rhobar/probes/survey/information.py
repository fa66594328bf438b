"""Reads what each layer knows of input and target."""

from rhobar.probes.information import information_plane
from rhobar.probes.survey.reading import Curve, Plot, Reading, Table, row
from rhobar.probes.survey.subject import Subject

__all__ = ["read"]


def read(subject: Subject) -> Reading:
    """Return the information plane, by noise and by bins."""
    noise = information_plane(subject.model, subject.batches, estimator="noise", max_samples=subject.max_samples)
    bins = information_plane(subject.model, subject.batches, max_samples=subject.max_samples)
    rows = []
    for name, point in noise.layers.items():
        other = bins.layers.get(name)
        cells = [other.input, other.target] if other else [None, None]
        rows.append(row(name or "output", point.input, point.input_lower, point.target, *cells))
    columns = ("layer", "I(X;T) upper", "I(X;T) lower", "I(T;Y)", "bins: I(X;T)", "bins: I(T;Y)")
    curves = tuple(
        Curve(name or "output", (point.input.value,), (point.target.value,), (point.target.stderr,))
        for name, point in noise.layers.items()
    )
    plot = Plot("Information plane (noise of a tenth)", "I(X;T) in nats", "I(T;Y) in nats", curves, points=True)
    last = list(noise.layers.values())[-1] if noise.layers else None
    known = (
        f"the last layer knows {last.target.value:.2f} of the {noise.target_entropy:.2f} nats of the target"
        if last
        else "no layer was read"
    )
    return Reading(
        f"{known[0].upper()}{known[1:]}; {noise.ceiling:.2f} nats tell all samples apart.",
        (Table("Nats known of input X and target Y", columns, tuple(rows)),),
        (plot,),
        tuple(f"{name}: {reason}" for name, reason in noise.skipped.items()),
    )
