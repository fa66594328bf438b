import math

import pytest
from tests.diagnose import records as r

from rhobar.record import Finding


def deep(gain, losses):
    return r.training(
        losses=losses,
        readings=r.readings(layers=lambda i: r.layer(i, gradient=gain ** (r.DEPTH - 1 - i))),
    )


def growing(factor, losses):
    steps = r.STEPS_READ
    read = [r.reading(s, gradient_norm=factor ** (i / (len(steps) - 1))) for i, s in enumerate(steps)]
    return r.training(losses=losses, readings=read)


LOST = [2.3 * 1.05**t for t in range(100)] + [math.nan] * 100


@pytest.mark.parametrize("sick", [deep(5.0, r.flat()), growing(1e5, LOST), growing(1e5, r.falling(2.3, 50.0))])
def test_growth_with_harm_is_found(sick):
    found = r.judge("exploding-gradient", sick)
    assert isinstance(found, Finding)
    assert found.evidence[0].value >= found.evidence[0].threshold


@pytest.mark.parametrize(
    "healthy",
    [
        r.training(),
        deep(5.0, r.falling()),
        deep(2.0, r.flat()),
        growing(1e5, r.falling()),
        growing(50.0, r.flat()),
    ],
)
def test_growth_without_harm_or_harm_without_growth_is_silent(healthy):
    assert r.judge("exploding-gradient", healthy) is None
