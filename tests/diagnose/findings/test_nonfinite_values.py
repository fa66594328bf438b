import math

import pytest
from tests.diagnose import records as r

from rhobar.record import Finding, Nonfinite

NAN = [*r.falling()[:50], *[math.nan] * 350]


def first(phase, *, born=True):
    return Nonfinite(50, "net.head", phase, "LogBackward0", born)


@pytest.mark.parametrize(
    "sick",
    [
        r.training(losses=NAN),
        r.training(losses=NAN, nonfinite=first("forward")),
        r.training(losses=[math.inf] * 5),
        r.training(nonfinite=first("parameter")),
        r.training(losses=r.flat(), nonfinite=first("backward")),
    ],
)
def test_lost_losses_and_harmful_values_are_found(sick):
    found = r.judge("nonfinite-values", sick)
    assert isinstance(found, Finding)
    assert found.confidence == 1.0


def test_the_origin_is_told():
    summary = r.judge("nonfinite-values", r.training(losses=NAN, nonfinite=first("forward"))).summary
    assert "step 50 in net.head" in summary
    assert "LogBackward0" in summary
    assert "350 of 400" in summary


@pytest.mark.parametrize(
    "healthy",
    [
        r.training(),
        r.training(nonfinite=first("backward")),  # mixed precision skips those steps
        r.training(nonfinite=first("forward")),  # an attention mask
        r.training(losses=r.flat(), nonfinite=first("forward", born=False)),
    ],
)
def test_masks_and_skipped_steps_are_silent(healthy):
    assert r.judge("nonfinite-values", healthy) is None
