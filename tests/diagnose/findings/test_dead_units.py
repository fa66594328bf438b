import pytest
from tests.diagnose import records as r

from rhobar.record import Finding, NotChecked


def case(dead, *, losses=None, batch=32, activation="relu"):
    """`dead` is the dead share of layer 2, or a function of the step."""
    share = dead if callable(dead) else lambda step: dead

    def layers(step):
        return [r.layer(i, dead=share(step) if i == 2 else 0.0, activation=activation) for i in range(r.DEPTH)]

    read = [r.reading(step, layers=layers(step)) for step in r.STEPS_READ]
    return r.training(losses=losses or r.flat(), batch_sizes=(batch,), readings=read)


@pytest.mark.parametrize(("dead", "severity"), [(1.0, 1.0), (0.93, 0.7)])
def test_units_dead_in_all_late_readings_are_found(dead, severity):
    found = r.judge("dead-units", case(dead))
    assert isinstance(found, Finding)
    assert (found.severity, found.where) == (severity, ("layers.2",))


@pytest.mark.parametrize(
    "healthy",
    [
        r.training(),
        case(0.7),
        case(1.0, losses=r.falling()),
        case(lambda step: 1.0 if step == 256 else 0.2),
        case(1.0, activation="tanh"),
    ],
)
def test_sparse_or_learning_nets_are_silent(healthy):
    assert r.judge("dead-units", healthy) is None


def test_tiny_batches_cannot_tell_dead_from_sparse():
    assert isinstance(r.judge("dead-units", case(1.0, batch=1)), NotChecked)
