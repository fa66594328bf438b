from dataclasses import replace

import pytest
from tests.diagnose import records as r

from rhobar.record import Finding, NotChecked


def case(gain, *, losses=None, activation="sigmoid", update=lambda i: 1e-4, **changes):
    def layers(i):
        return r.layer(i, gradient=gain ** (r.DEPTH - 1 - i), activation=activation, **changes)

    def parameters(i):
        return r.parameter_reading(i, update=update(i))

    return r.training(losses=losses or r.flat(), readings=r.readings(layers=layers, parameters=parameters))


def slow_first(i):
    return 1e-4 * 0.1 ** (r.DEPTH - 1 - i)


@pytest.mark.parametrize("gain", [0.2, 0.05, 0.0])
def test_a_chain_below_one_over_steps_in_a_stuck_net_is_found(gain):
    found = r.judge("vanishing-gradient", case(gain, update=slow_first))
    assert isinstance(found, Finding)
    assert found.severity == 0.9
    assert found.evidence[0].value == pytest.approx(gain ** (r.DEPTH - 1), abs=1e-12)


@pytest.mark.parametrize(
    "healthy",
    [
        r.training(),
        case(0.41),  # torch's default initialisation
        case(0.2, losses=r.falling()),  # it learned all the same
        case(0.2, residual=True),  # branches are not a sequence
        case(0.2, losses=r.falling(end=1.5), update=lambda i: 1e-4),  # Adam makes up for it
    ],
)
def test_healthy_profiles_are_silent(healthy):
    assert not isinstance(r.judge("vanishing-gradient", healthy), Finding)


def test_updates_that_keep_up_lower_the_severity():
    assert r.judge("vanishing-gradient", case(0.2)).severity == 0.5


def test_gradients_that_are_not_finite_are_not_passed_as_healthy():
    def layers(i):
        return replace(r.layer(i), gradient=r.moments(1.0, nonfinite=0.5))

    outcome = r.judge("vanishing-gradient", r.training(losses=r.flat(), readings=r.readings(layers=layers)))
    assert isinstance(outcome, NotChecked)
