import pytest
from tests.diagnose import records as r

from rhobar.record import Finding


def still(**changes):
    return tuple(r.parameter(i, **({"moved": False, "movement": 0.0} | changes)) for i in range(r.DEPTH))


def case(**changes):
    return r.training(**({"losses": r.flat(), "parameters": still()} | changes))


@pytest.mark.parametrize(
    "sick",
    [
        case(num_steps=0, rates=[]),
        case(num_steps=0, rates=[], optimizer=None),
        case(),
        case(parameters=still(held=False)),  # the optimizer holds another model
        r.training(losses=r.flat(), readings=r.readings(applied_norm=0.0)),  # cleared before the step
    ],
)
def test_weights_that_never_change_are_found(sick):
    assert isinstance(r.judge("no-optimizer-step", sick), Finding)


@pytest.mark.parametrize(
    "healthy",
    [
        r.training(),
        case(num_steps=0, rates=[], optimizer=None, epoch_length=None),  # saliency
        case(num_steps=0, rates=[], parameters=still(moved_before=True)),  # Fisher information of a trained net
        case(rates=[0.0] * 400),  # unstable-optimizer-setting
        case(parameters=still(zero_gradient=True)),
    ],
)
def test_programs_that_only_differentiate_are_silent(healthy):
    assert r.judge("no-optimizer-step", healthy) is None
