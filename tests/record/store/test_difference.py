"""Where two runs part is found where it was planted, and nowhere where only the sample differs."""

import dataclasses
import random
import statistics

import pytest
from tests.record.store.test_run import Once

from rhobar.record import Diagnosis, Finding, LayerReading, LossFacts, Moments, OptimizerFacts, Reading, Record, to_json
from rhobar.record.store import Batch, Run, Store, difference, store
from rhobar.record.store.difference import TENSORS, _parting
from rhobar.record.store.rows import reading_rows

NAMES = ["first", "second", "third"]


def sample(rng, *, scale=1.0, size=100_000, read=1000, zeros=0.3):
    values = [0.0 if rng.random() < zeros else rng.gauss(0.2, scale) for _ in range(read)]
    return Moments(
        size, read, statistics.fmean(values), (sum(v * v for v in values) / read) ** 0.5, max(map(abs, values)),
        sum(v == 0 for v in values) / read, 0.0,
    )  # fmt: skip


def reading(step, rng):
    layers = tuple(
        LayerReading(name, "linear", "relu", 3, 3, **{tensor: sample(rng, read=400) for tensor in TENSORS})
        for name in NAMES
    )
    return Reading(step, 1.0, layers)


def written(folder, readings, *, losses=(1.0, 0.5, 0.25), rate=0.1, finding=None, loss="mse", environment=None):
    optimizer = OptimizerFacts("SGD", {"lr": rate})
    rows = {"trainings": [(0, "net", to_json(optimizer), to_json(LossFacts(loss)), None)]}
    for r in readings:
        for table, made in reading_rows(0, 0.0, r).items():
            rows.setdefault(table, []).extend(made)
    out = Store(folder, name="x")
    out.start(Once(Batch(rows, [store.Series("losses", 0, 0, losses)])))
    out.finish(Record("x", environment=environment or {}))
    out.conclude(Diagnosis((Finding(finding, "cause", 1.0, 1.0, ""),) if finding else (), (), (), ""))
    return Run(folder)


@pytest.fixture
def readings():
    return [reading(step, random.Random(step)) for step in range(3)]


def test_a_run_does_not_differ_from_itself(tmp_path, readings):
    found = difference(*(written(tmp_path / name, readings) for name in "ab"))
    assert (found.settings, found.environment, found.findings, found.unpaired) == ((), (), (), ())
    (training,) = found.trainings
    assert (training.loss_step, training.parting, training.readings) == (None, None, 3)


def test_what_differs_is_named(tmp_path, readings):
    one = written(tmp_path / "a", readings, finding="overfitting", environment={"torch": "1"})
    other = written(tmp_path / "b", readings, losses=(1.0, 0.5, 0.2), rate=0.2, loss="l1", environment={"torch": "2"})
    found = difference(one, other)
    assert [(c.name, c.first, c.second) for c in (*found.settings, *found.environment, *found.findings)] == [
        ("optimizer of net: lr", 0.1, 0.2),
        ("loss of net: kind", "mse", "l1"),
        ("torch", "1", "2"),
        ("overfitting", "cause", None),
    ]
    (training,) = found.trainings
    assert (training.loss_step, training.losses, training.final) == (2, (0.25, 0.2), (0.25, 0.2))


@pytest.mark.parametrize("tensor", TENSORS)
@pytest.mark.parametrize("at", range(3))
def test_the_first_layer_and_step_that_differ_are_found(readings, tensor, at):
    """From the planted layer on everything of the forward pass differs, before it everything of the backward pass."""
    layers = list(readings[1].layers)
    touched = range(at, 3) if tensor != "gradient" else range(at + 1)
    for i in touched:
        m = getattr(layers[i], tensor)
        changed = dataclasses.replace(m, rms=10 * m.rms, max_abs=10 * m.max_abs)
        layers[i] = dataclasses.replace(layers[i], **{tensor: changed})
    other = [readings[0], dataclasses.replace(readings[1], layers=tuple(layers)), readings[2]]
    partings = [_parting(x, y) for x, y in zip(readings, other, strict=True)]
    assert partings[0] is None and partings[2] is None
    assert (partings[1].step, partings[1].layer, partings[1].tensor) == (1, NAMES[at], tensor)
    assert partings[1].quantity == "rms"


def test_a_tensor_that_was_read_whole_has_no_error(readings):
    layer = readings[0].layers[0]
    whole = dataclasses.replace(layer.input, size=layer.input.read)
    more = dataclasses.replace(whole, rms=whole.rms * 1.001)
    one, other = (
        dataclasses.replace(readings[0], layers=(dataclasses.replace(layer, input=m),)) for m in (whole, more)
    )
    assert _parting(one, other).quantity == "rms"
    rounded = dataclasses.replace(whole, rms=whole.rms * (1 + 1e-6))
    assert _parting(one, dataclasses.replace(readings[0], layers=(dataclasses.replace(layer, input=rounded),))) is None


def test_not_finite_differs_from_finite_and_not_from_itself(readings):
    layer = readings[0].layers[0]
    bad = dataclasses.replace(layer, input=dataclasses.replace(layer.input, rms=float("nan")))
    one, other = (dataclasses.replace(readings[0], layers=(x,)) for x in (layer, bad))
    assert _parting(one, other).tensor == "input"
    assert _parting(other, other) is None


@pytest.mark.parametrize(("quantity", "conservative"), [("mean", False), ("rms", True), ("zero", False)])
def test_the_error_bar_covers_other_samples_of_one_tensor(quantity, conservative):
    """Over many samples (value − mean)/stderr has standard deviation 1; for the bound of the RMS at most 1."""
    rng = random.Random(0)
    samples = [sample(rng, size=10**9, read=500) for _ in range(400)]
    values = [getattr(m, quantity) for m in samples]
    z = statistics.stdev(
        [(v - statistics.fmean(values)) / m.stderr(quantity) for v, m in zip(values, samples, strict=True)]
    )
    assert (0.3 if conservative else 0.9) < z < 1.1
    half = dataclasses.replace(samples[0], size=2 * samples[0].read)
    assert half.stderr(quantity) == pytest.approx(samples[0].stderr(quantity) * 0.5**0.5, rel=1e-3)


def test_other_samples_of_the_same_tensors_do_not_part(readings):
    others = [reading(r.step, random.Random(1000 + r.step)) for r in readings]
    assert [_parting(x, y) for x, y in zip(readings, others, strict=True)] == [None] * 3
