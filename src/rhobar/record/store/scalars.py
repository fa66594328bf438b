"""A run as tagged numbers over steps, the form in which trackers of experiments take it."""

import math
from collections import defaultdict
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from rhobar.record.reading import Reading
from rhobar.record.store.rows import TENSORS
from rhobar.record.store.run import Run
from rhobar.record.training import Training

__all__ = ["scalars", "summary"]

_OF_READING = ("gradient_norm", "applied_norm", "uphill", "gradient_cosine", "gradient_ratio", "update_cosine")


def scalars(run: Run) -> list[tuple[int, dict[str, float]]]:
    """The numbers of each step by their tags, in order of the steps.

    Tags are ``loss``, ``rate``, those of a reading such as ``gradient_norm``, ``layers/NAME/TENSOR/rms``,
    ``layers/NAME/dead``, ``parameters/NAME/update_ratio`` and ``evaluation/loss``. Names are percent-encoded, so that
    a tag is made of letters, digits and ``%-_. /``. Those of further trainings begin with ``training-2/`` and so on.
    Steps are backward passes, for ``rate`` optimizer steps.
    """
    steps: dict[int, dict[str, float]] = defaultdict(dict)
    for i, training in enumerate(run.trainings, 1):
        prefix = f"training-{i}/" if i > 1 else ""
        for step, tag, value in _of(training):
            if value is not None:
                steps[step][prefix + tag] = value
    return sorted(steps.items())


def _of(training: Training) -> Iterator[tuple[int, str, float | None]]:
    for tag, values in (("loss", training.losses), ("rate", training.rates)):
        for step, value in enumerate(values):
            yield step, tag, value
    for reading in training.readings:
        for tag, number in _reading(reading):
            yield reading.step, tag, number
    for evaluation in training.evaluations:
        yield evaluation.step, "evaluation/loss", evaluation.loss
        yield evaluation.step, "evaluation/accuracy", evaluation.accuracy


def _reading(reading: Reading) -> Iterator[tuple[str, float | None]]:
    for name in _OF_READING:
        yield name, getattr(reading, name)
    for layer in reading.layers:
        tag = f"layers/{_safe(layer.name)}"
        yield f"{tag}/dead", layer.dead
        yield f"{tag}/saturated", layer.saturated
        for tensor in TENSORS:
            m = getattr(layer, tensor)
            yield f"{tag}/{tensor}/rms", None if m is None else m.rms
            yield f"{tag}/{tensor}/nonfinite", m.nonfinite if m is not None and m.nonfinite else None
    for parameter in reading.parameters:
        yield f"parameters/{_safe(parameter.name)}/update_ratio", parameter.update_ratio


def _safe(name: str) -> str:
    r"""A name as one part of a tag.

    Example:
        >>> [_safe(name) for name in ("encoder.0", "<script>", "..", "a/b", "\x1b[31m")]
        ['encoder.0', '%3Cscript%3E', '%2E.', 'a%2Fb', '%1B%5B31m']
    """
    part = quote(name, safe=" ", errors="backslashreplace") or "_"
    return "%2E" + part[1:] if part in (".", "..") else part


def summary(run: Run) -> dict[str, Any]:
    """What a tracker keeps of a run as a whole: settings, environment, state, findings; plain values by flat names."""
    facts = run.facts
    found: dict[str, Any] = {key: facts[key] for key in ("name", "started", "budget", "headline") if key in facts}
    found["state"] = run.state
    found |= {f"environment.{key}": value for key, value in run.environment.items()}
    for i, training in enumerate(run.trainings, 1):
        prefix = f"training-{i}." if i > 1 else ""
        found[f"{prefix}model"] = training.name
        if training.optimizer is not None:
            found[f"{prefix}optimizer"] = training.optimizer.kind
            found |= {f"{prefix}optimizer.{key}": value for key, value in training.optimizer.settings.items()}
        if training.loss is not None:
            found[f"{prefix}loss"] = training.loss.kind
    diagnosis = run.diagnosis
    if diagnosis is not None:
        for kind in ("cause", "symptom", "note"):
            found[f"{kind}s"] = ", ".join(f.id for f in diagnosis.findings if f.kind == kind)
    return {key: _plain(value) for key, value in found.items() if value is not None}


def _plain(value: Any) -> Any:  # noqa: ANN401
    return str(value) if not isinstance(value, int | float) or not math.isfinite(value) else value
