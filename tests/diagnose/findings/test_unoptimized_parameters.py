import pytest
from tests.diagnose import records as r

from rhobar.record import Finding, InputFacts, ParameterFacts

LEFT = {"held": False, "moved": False}
FROZEN = {"trainable": False, "reached": False, "has_gradient": False, "fresh": True}


def case(*left, losses=None, extra=(), inputs=None, **changes):
    parameters = tuple(r.parameter(i, **((LEFT | changes) if i in left else {})) for i in range(r.DEPTH))
    return r.training(losses=losses or r.falling(), parameters=parameters + tuple(extra), inputs=inputs)


def nameless(*shape):
    return ParameterFacts("×".join(map(str, shape)), shape, module="", **LEFT)


@pytest.mark.parametrize(
    "sick",
    [
        case(2, 3),
        case(*range(r.DEPTH), losses=r.flat()),
        case(extra=[nameless(8, 8), nameless(8)]),  # layers in a Python list
        case(2, shape=(64,), losses=r.flat()),
        case(*range(r.DEPTH - 1), losses=r.flat(), **FROZEN),  # a body that was never pretrained
    ],
)
def test_parameters_without_an_optimizer_are_found(sick):
    assert isinstance(r.judge("unoptimized-parameters", sick), Finding)


@pytest.mark.parametrize(
    "healthy",
    [
        r.training(),
        case(2, trainable=False),
        case(*range(r.DEPTH - 1), **FROZEN),  # random features that suffice
        case(*range(r.DEPTH - 1), losses=r.flat(), **FROZEN | {"fresh": False}),
        case(*range(r.DEPTH - 1), losses=r.flat(), **FROZEN, moved_before=True),
        case(0, losses=r.flat(), **FROZEN),
        case(2, moved=True),  # updated by hand
        case(2, moved_before=True),  # pretrained
        case(2, zero_gradient=True),
        case(2, shape=(1,)),
        case(extra=[nameless(32, 1)]),  # coordinates of a physics-informed net
        case(extra=[nameless(32, 3, 8, 8)], inputs=InputFacts(100, 3, shape=(32, 3, 8, 8))),  # adversarial images
    ],
)
def test_frozen_pretrained_and_inputs_are_silent(healthy):
    assert r.judge("unoptimized-parameters", healthy) is None
