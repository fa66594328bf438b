import math
from dataclasses import replace

import pytest
from tests.diagnose import records as r

from rhobar.record import Finding, OptimizerFacts, RateProbe

SGD = OptimizerFacts("SGD", {"lr": 5.0, "momentum": 0.0})
LONG = {"parameters": lambda i: r.parameter_reading(i, update=0.03)}
UPHILL = RateProbe((0.01, 0.1, 1.0, 10.0), (2.29, 2.35, 3.5, 40.0), 2.3)
PEAKED = [2.3, 9.0, 30.0, 12.0, *r.flat()[4:]]
LOST = [2.3 * 1.2**t for t in range(30)] + [math.nan] * 20


def case(losses=None, rate=None, **reading):
    return r.training(losses=losses or r.flat(), optimizer=SGD, rate=rate, readings=r.readings(**reading))


@pytest.mark.parametrize(
    "sick",
    [
        case(PEAKED, **LONG),
        case(PEAKED, rate=UPHILL),
        case(LOST, gradient_ratio=-1.5),
        case(rate=UPHILL, gradient_ratio=-1.5),
        case(update_cosine=-0.8, **LONG),
    ],
)
def test_two_signs_of_overshooting_are_found(sick):
    found = r.judge("learning-rate-too-high", sick)
    assert isinstance(found, Finding)
    assert all(abs(e.value) >= abs(e.threshold) for e in found.evidence)
    assert "lr=" in found.remedy.code


FAR = tuple(r.parameter(i, movement=7.0, initial_std=0.1, fan_in=r.WIDTH, held=True) for i in range(r.DEPTH))
LEAP = {"parameters": lambda i: r.parameter_reading(i, update=0.07)}


@pytest.mark.parametrize(
    ("parameters", "losses", "reading", "found"),
    [
        (FAR, (0.09, 0.08, 0.15), LEAP, True),
        (FAR, (0.09, 0.08, 0.15), {}, False),  # no step replaced much
        (FAR, (0.09, 0.08, 0.07), LEAP, False),  # the full step still lowers the loss
        (None, (0.09, 0.08, 0.15), LEAP, False),  # it stayed near its start
    ],
)
def test_steps_that_overwrite_and_still_overshoot_are_found_whatever_was_learned(parameters, losses, reading, found):
    learned = case(r.falling(end=0.1), rate=RateProbe((0.1, 0.3, 1.0), losses, 0.1), **reading)
    learned = replace(learned, parameters=parameters or learned.parameters)
    assert isinstance(r.judge("learning-rate-too-high", learned), Finding) is found


@pytest.mark.parametrize(
    "healthy",
    [
        r.training(),
        case(),
        case(rate=UPHILL),  # one sign: noise at a plateau
        case(PEAKED),  # one sign: a spike
        case(r.falling(), rate=UPHILL, gradient_ratio=-1.2, **LONG),  # the edge of stability
        case([2.3] * 20 + [math.nan] * 20, gradient_ratio=math.nan),  # a NaN that was born elsewhere
    ],
)
def test_edge_of_stability_noise_and_foreign_nans_are_silent(healthy):
    assert r.judge("learning-rate-too-high", healthy) is None


def test_the_line_search_sets_the_new_rate():
    assert r.judge("learning-rate-too-high", case(PEAKED, rate=UPHILL)).remedy.code == "lr=1e-05"
