import pytest
from tests.diagnose import records as r

from rhobar.record import Finding, OptimizerFacts, RateProbe


def case(factor=0.01, *, clipped=1.0, kind="SGD", losses=None, rate=None):
    read = r.readings(gradient_norm=2.0, applied_norm=2.0 * factor)
    facts = OptimizerFacts(kind, {"lr": 0.1})
    return r.training(losses=losses or r.flat(), clipped=clipped, optimizer=facts, readings=read, rate=rate)


@pytest.mark.parametrize(
    "sick",
    [
        case(),
        case(rate=RateProbe((1.0, 10.0), (2.2, 2.0), 2.3)),
        case(rate=RateProbe((0.01, 1.0, 10.0), (2.29, 2.2, 4.0), 2.3)),  # the unclipped step is best
    ],
)
def test_a_clip_that_always_bites_is_found(sick):
    assert isinstance(r.judge("clipping-always-active", sick), Finding)


@pytest.mark.parametrize(
    "healthy",
    [
        r.training(),
        case(kind="RMSprop"),
        case(factor=0.5),
        case(clipped=0.3),
        case(losses=r.falling()),
        case(rate=RateProbe((0.01, 1.0), (2.2, 4.0), 2.3)),  # a step as long as the clipped one is best
    ],
)
def test_scale_free_rare_or_useful_clips_are_silent(healthy):
    assert r.judge("clipping-always-active", healthy) is None
