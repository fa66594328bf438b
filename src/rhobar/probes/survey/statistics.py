"""Reads the signals and gradients of every layer."""

import math

from rhobar.probes.estimate import Estimate
from rhobar.probes.statistics import layer_statistics
from rhobar.probes.statistics.accumulator import TensorStatistics
from rhobar.probes.survey.reading import Cell, Curve, Plot, Reading, Table, row
from rhobar.probes.survey.subject import Subject

__all__ = ["read"]


def read(subject: Subject) -> Reading:
    """Return moments, zeros, saturated and dead units of every layer."""
    found = layer_statistics(subject.model, subject.batches, subject.loss, generator=subject.generator)
    rows = [row(layer.name, *_cells(layer.forward), _rms(layer.backward)) for layer in found if layer.forward]
    columns = ("layer", "mean", "rms", "zeros", "saturated", "dead", "not finite", "gradient rms")
    known = [layer for layer in found if layer.forward]
    forward = tuple(layer.forward.rms if layer.forward else math.nan for layer in known)
    backward = tuple(layer.backward.rms if layer.backward else math.nan for layer in known)
    at = tuple(float(i) for i in range(len(known)))
    plot = Plot(
        "Signal and gradient over depth",
        "layer, in the order of the table",
        "rms",
        (Curve("signal", at, forward), Curve("gradient", at, backward)),
    )
    dead = max((layer.forward.dead or 0.0 for layer in known if layer.forward), default=0.0)
    bad = sum(layer.forward.nonfinite > 0 for layer in known if layer.forward)
    headline = f"{len(known)} layers; at most {100 * dead:.0f} % of a layer's units are dead"
    headline += f", {bad} layers hold values that are not finite." if bad else "; all values are finite."
    notes = tuple(f"{layer.name}: {layer.reason}" for layer in found if layer.reason)
    return Reading(headline, (Table("Layers", columns, tuple(rows)),), (plot,), notes)


def _cells(s: TensorStatistics | None) -> list[Cell]:
    if s is None:
        return [None] * 6
    saturated = None if s.saturated is None else Estimate(s.saturated, s.saturated_stderr or 0.0)
    return [
        Estimate(s.mean, s.mean_stderr),
        Estimate(s.rms, s.rms_stderr),
        Estimate(s.zeros, s.zeros_stderr),
        saturated,
        s.dead,
        s.nonfinite,
    ]


def _rms(s: TensorStatistics | None) -> Cell:
    return None if s is None else Estimate(s.rms, s.rms_stderr)
