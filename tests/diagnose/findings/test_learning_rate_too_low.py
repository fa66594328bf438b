import pytest
from tests.diagnose import records as r

from rhobar.record import Finding, RateProbe

DOWNHILL = RateProbe((0.1, 1.0, 10.0, 100.0), (2.29999, 2.2999, 2.299, 2.29), 2.3)
SPENT = RateProbe((0.1, 1.0, 10.0, 100.0), (2.29, 2.28, 2.5, 9.0), 2.3)
SLOW = [2.3 - 1e-4 * t for t in range(400)]


def case(movement=1e-4, losses=SLOW, **changes):
    parameters = tuple(r.parameter(i, movement=movement) for i in range(r.DEPTH))
    return r.training(losses=losses, parameters=parameters, **changes)


ALIGNED = r.readings(gradient_cosine=0.99)


@pytest.mark.parametrize(
    "sick",
    [
        case(),
        case(rate=DOWNHILL),
        case(losses=r.flat(), readings=ALIGNED),
        case(losses=r.flat(), rate=DOWNHILL),
    ],
)
def test_weights_that_hardly_move_downhill_are_found(sick):
    assert isinstance(r.judge("learning-rate-too-low", sick), Finding)


@pytest.mark.parametrize(
    "healthy",
    [
        r.training(),
        case(movement=0.2),
        case(losses=r.falling()),  # it learned
        case(losses=r.flat()),  # no sign that longer steps would help
        case(rate=SPENT),  # the line search denies it
        case(rates=[1e-3] * 20 + [1e-9] * 380),  # a schedule that ended
        case(num_steps=0),
        case(readings=r.readings(gradient_norm=0.0)),
    ],
)
def test_other_reasons_to_stand_still_are_silent(healthy):
    assert r.judge("learning-rate-too-low", healthy) is None
