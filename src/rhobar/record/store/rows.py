"""Readings as rows of the store's tables, and back, number for number."""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rhobar.record.reading import LayerReading, Moments, ParameterReading, Reading
from rhobar.record.training import Evaluation

__all__ = ["TENSORS", "Rows", "evaluation_row", "evaluations_of", "number", "reading_rows", "readings_of", "text"]

Rows = dict[str, list[tuple[Any, ...]]]
"""Rows to write, by table."""

TENSORS = ("weight", "input", "preactivation", "output", "gradient")
"""The tensors of a layer, in the order in which one step computes them."""


def number(value: float | None) -> float | str | None:
    """A number as SQLite can hold it.

    Example:
        >>> number(0.5), number(math.nan), number(None)
        (0.5, 'nan', None)
    """
    return "nan" if value is not None and value != value else value


def text(value: str | None) -> str | None:
    r"""A name as UTF-8 can hold it: lone surrogates as escapes, everything else as it is.

    Example:
        >>> text("<script>\x1b[31m \udc80")
        '<script>\x1b[31m \\udc80'
    """
    return None if value is None else value.encode("utf-8", "backslashreplace").decode("utf-8")


def reading_rows(training: int, seconds: float, reading: Reading) -> Rows:
    """Rows of one reading of a training, `seconds` after the run began."""
    key = (training, reading.step)
    rows: Rows = {"readings": [], "layers": [], "moments": [], "parameters": []}
    scalars = (
        reading.loss, reading.gradient_norm, reading.applied_norm, reading.uphill, reading.gradient_cosine,
        reading.gradient_ratio, reading.update_cosine,
    )  # fmt: skip
    rows["readings"].append((*key, seconds, *map(number, scalars)))
    for i, layer in enumerate(reading.layers):
        name = text(layer.name)
        facts = (text(layer.operation), text(layer.activation), layer.fan_in, layer.fan_out)
        flags = (int(layer.reads_data), int(layer.normalised), int(layer.residual))
        rows["layers"].append((*key, i, name, *facts, number(layer.dead), number(layer.saturated), *flags))
        for tensor in TENSORS:
            m: Moments | None = getattr(layer, tensor)
            if m is not None:
                values = map(number, (m.mean, m.rms, m.max_abs, m.zero, m.nonfinite))
                rows["moments"].append((*key, i, name, tensor, m.size, m.read, *values))
    for i, p in enumerate(reading.parameters):
        values = map(number, (p.weight, p.gradient, p.gradient_nonfinite, p.update))
        rows["parameters"].append((*key, i, text(p.name), p.size, *values))
    return rows


def readings_of(tables: Mapping[str, Iterable[Sequence[Any]]]) -> list[Reading]:
    """The readings of one training, from the rows that `reading_rows` made, ordered by step and position."""
    moments: dict[tuple[int, int], dict[str, Moments]] = defaultdict(dict)
    for _, step, i, _, tensor, *values in tables["moments"]:
        moments[step, i][tensor] = Moments(*values)
    layers: dict[int, list[LayerReading]] = defaultdict(list)
    for _, step, i, name, operation, activation, fan_in, fan_out, dead, saturated, *flags in tables["layers"]:
        data, normalised, residual = map(bool, flags)
        tensors = {tensor: moments[step, i][tensor] for tensor in TENSORS if tensor in moments[step, i]}
        layers[step].append(
            LayerReading(
                name, operation, activation, fan_in, fan_out, **tensors, dead=dead, saturated=saturated,
                reads_data=data, normalised=normalised, residual=residual,
            )
        )  # fmt: skip
    parameters: dict[int, list[ParameterReading]] = defaultdict(list)
    for _, step, _, *values in tables["parameters"]:
        parameters[step].append(ParameterReading(*values))
    return [
        Reading(step, math.nan if loss is None else loss, tuple(layers[step]), tuple(parameters[step]), *scalars)
        for _, step, _, loss, *scalars in tables["readings"]
    ]


def evaluation_row(training: int, position: int, e: Evaluation) -> tuple[Any, ...]:
    """The row of one evaluation."""
    scores = (number(e.loss), number(e.accuracy), int(e.training_mode), number(e.overlap), text(e.source))
    return (training, position, e.step, e.num_batches, e.num_rows, *scores)


def evaluations_of(rows: Iterable[Sequence[Any]]) -> list[Evaluation]:
    """Evaluations from rows that `evaluation_row` made."""
    return [
        Evaluation(step, batches, num_rows, loss, accuracy, bool(mode), overlap, source or "")
        for _, _, step, batches, num_rows, loss, accuracy, mode, overlap, source in rows
    ]
